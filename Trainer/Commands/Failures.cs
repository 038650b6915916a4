using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Distributed;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Kernels;
using FocalNet.Trainer.Restoring;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>An option or argument has a value that makes no sense. The message says which would.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Errors as people see them: one message, and the stack only if FOCALNET_DEBUG=1.</summary>
internal static class Failures
{
    public static int Report(Exception exception, Terminal terminal)
    {
        var isDebugging = Environment.GetEnvironmentVariable("FOCALNET_DEBUG") == "1";
        if (exception is OperationCanceledException)
        {
            terminal.Error("cancelled");
            return ExitCodes.Cancelled;
        }

        terminal.Error("error: " + Describe(exception));
        if (isDebugging)
        {
            terminal.Error(exception.ToString());
        }

        return exception is UsageException or UnknownNetworkException ? ExitCodes.Usage : ExitCodes.Failure;
    }

    /// <summary>One message for any exception; those of our own types say all that there is to say.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        // libvips is missing or of another architecture: only the innermost exception says so.
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        DllNotFoundException => $"a native library can't be loaded: {exception.Message}",
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        OutOfMemoryException => "memory has run out. Use a smaller --batch or --crop, or smaller pictures.",
        _ when IsExpected(exception) => exception.Message,
        _ => $"{exception.Message} ({exception.GetType().Name}: this is a bug; FOCALNET_DEBUG=1 prints where.)",
    };

    /// <summary>Whether the exception is about the user's files, options or machine, rather than a bug.</summary>
    public static bool IsExpected(Exception exception) => exception
        is UsageException or ImageException or DataSetException or DivergenceException or RunFolderException or RunConfigurationException
        or DistributedException or OtherProcessException or OnnxExportException
        or UnknownNetworkException or RestorationException or RestorePlanException or UnknownKernelException or WeightFormatException or WeightMismatchException
        or DeviceException or IOException or UnauthorizedAccessException;
}
