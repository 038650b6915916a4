namespace FocalNet.Trainer.Commands;

internal static class ExitCodes
{
    public const int Success = 0;

    public const int Failure = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>As a shell reports a program that Ctrl-C ended: 128 + SIGINT.</summary>
    public const int Cancelled = 130;
}
