using System.Text;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Cuda.Templates;

namespace FocalNet.Runtime.Cuda.Compilation;

/// <summary>
/// The whole text that is compiled for a kernel: device functions, the templates that its line <c>// templates: a.cu b.cu</c> names, and
/// those that these need; then its own text. Lines keep the names of the files that they come from.
/// </summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Files">File names and texts, in order; the kernel's own is the last.</param>
public sealed record KernelProgram(string Kernel, IReadOnlyList<(string Name, string Text)> Files)
{
    private const string TemplateLine = "// templates:", DeviceFunctions = "device_functions.cu";

    /// <summary>The program of a kernel.</summary>
    /// <exception cref="ArgumentException">The kernel names a template that there is not.</exception>
    public static KernelProgram Of(CudaKernel kernel)
    {
        string text = Encoding.UTF8.GetString(kernel.Source());
        return new KernelProgram(
            kernel.Name, [.. CudaTemplates.InOrder([DeviceFunctions, .. TemplatesOf(text)]).Select(name => (name, CudaTemplates.Text(name))), (kernel.Name + ".cu", text)]);
    }

    /// <summary>The text.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder();
            foreach ((string name, string file) in Files)
                text.Append("#line 1 \"").Append(name).Append("\"\n").Append(file).Append(file.EndsWith('\n') ? "" : "\n");
            return text.ToString();
        }
    }

    /// <summary>
    /// The first error of a compiler's log, with the line of text that it names: logs have lines like <c>elementwise.cu(12): error: …</c>.
    /// </summary>
    public string FirstError(string log)
    {
        foreach (string line in log.Split('\n', StringSplitOptions.TrimEntries))
        {
            int error = line.IndexOf("error", StringComparison.Ordinal);
            if (error < 0)
                continue;
            foreach ((string name, string text) in Files)
            {
                // NVRTC writes name(line), other compilers name:line.
                int at = line.IndexOf(name, StringComparison.Ordinal), digits = at + name.Length + 1;
                if (at < 0 || at > error || digits >= line.Length || line[digits - 1] is not ('(' or ':'))
                    continue;
                string number = string.Concat(line.Skip(digits).TakeWhile(char.IsAsciiDigit));
                string[] lines = text.Split('\n');
                if (int.TryParse(number, out int found) && found >= 1 && found <= lines.Length)
                    return $"{line} | {lines[found - 1].Trim()}";
            }
            return line;
        }
        string all = log.Trim();
        return all.Length == 0 ? "The compiler said nothing." : all.Split('\n')[0];
    }

    private static IEnumerable<string> TemplatesOf(string text)
    {
        foreach (string line in text.Split('\n').TakeWhile(line => line.StartsWith("//", StringComparison.Ordinal) || string.IsNullOrWhiteSpace(line)))
        {
            if (line.StartsWith(TemplateLine, StringComparison.Ordinal))
                return line[TemplateLine.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        return [];
    }
}
