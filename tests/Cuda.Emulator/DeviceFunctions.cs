using FocalNet.Runtime.Cuda.Templates;

namespace FocalNet.Tests.Cuda;

/// <summary>The device text of the PTX table, which stands before the kernels of a text that uses it.</summary>
public static class DeviceFunctions
{
    internal static string Folder => Path.Combine(AppContext.BaseDirectory, "Cuda.Emulator");

    /// <summary>device_functions.cu. Under the emulator it is empty: the text stays the same on both.</summary>
    public static string Text => CudaTemplates.Text("device_functions.cu");

    /// <summary>ptx_table.md, which says what each function means.</summary>
    public static string Table => File.ReadAllText(Path.Combine(Folder, "ptx_table.md"));

    /// <summary>The emulator's definitions of the same functions.</summary>
    public static string EmulatorText => File.ReadAllText(Path.Combine(Folder, "Native", "ptx_functions.h"));
}
