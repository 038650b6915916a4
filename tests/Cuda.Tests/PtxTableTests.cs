using System.Text.RegularExpressions;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>The table of device functions is the same in its description, on the device and under the emulator.</summary>
public sealed partial class PtxTableTests
{
    [GeneratedRegex(@"^__device__ __forceinline__ |^template <int \w+(?:, int \w+)?> __device__ __forceinline__ ", RegexOptions.Multiline)]
    private static partial Regex DefinitionStart();

    [GeneratedRegex(@"\b(\w+)(?:<N>)?\(")]
    private static partial Regex NameBeforeParenthesis();

    [GeneratedRegex("asm(?: volatile)?\\(\"(?<text>[^\"]*)\"")]
    private static partial Regex Assembly();

    [GeneratedRegex(@"`(?<ptx>(?:mma|ldmatrix|cp|cvt|wgmma|griddepcontrol|fence)\.[^`]*)`")]
    private static partial Regex SpellingInTable();

    // Helpers of the device text alone.
    private static readonly string[] Internal = ["shared_address", "copy_or_zero"];

    [Fact]
    public void Table_and_device_text_name_the_same_functions()
    {
        var rows = DeviceFunctions.Table.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToArray();
        var described = rows.SelectMany(row => NameBeforeParenthesis().Matches(row.Split('|')[1])).Select(match => match.Groups[1].Value).Distinct().Order();
        Assert.Equal(DefinedOnDevice().Except(Internal).Distinct().Order(), described);
    }

    [Fact]
    public void Every_function_is_probed()
    {
        var probe = KernelFile.Text("ptx_probe");
        Assert.DoesNotContain(DefinedOnDevice().Except(Internal), name => !Regex.IsMatch(probe, $@"\b{name}(<\d>)?\("));
    }

    [Fact]
    public void Every_instruction_of_the_table_is_in_the_device_text()
    {
        var instructions = DeviceInstructions().Select(text => Regex.Replace(text, @"\{[^}]*\}", "").Trim()).ToArray();
        foreach (Match match in SpellingInTable().Matches(DeviceFunctions.Table))
        {
            var spelling = match.Groups["ptx"].Value.Replace("[]", "[%]", StringComparison.Ordinal).Replace(", bytes", ", %", StringComparison.Ordinal);
            Assert.Contains(instructions, instruction => instruction == spelling || instruction.StartsWith(spelling + " ", StringComparison.Ordinal));
        }
    }

    // The golden text is LLVM's: nothing else here knows PTX.
    [Fact]
    public void Every_instruction_is_spelled_as_LLVM_spells_it()
    {
        Requires.Clang();
        var ptx = ClangPtx.CompileIntrinsics(KernelFile.Resource("reference_ptx.ll"), 90);
        var reference = ptx.Split(';').Select(Normalise).Select(text => text.Replace("wait_group 1", "wait_group %", StringComparison.Ordinal)).ToHashSet();
        var instructions = DeviceInstructions().ToArray();
        Assert.Equal(24 + Hopper.Length, instructions.Distinct().Count());
        Assert.Equal(Hopper.Order(), instructions.Distinct().Where(instruction => !reference.Contains(instruction)).Order());
    }

    // LLVM 19 has no intrinsics for these; NVRTC of CUDA 12 takes them so.
    private static readonly string[] Hopper =
    [
        "griddepcontrol.wait", "fence.proxy.async.shared::cta",
        "wgmma.fence.sync.aligned", "wgmma.commit_group.sync.aligned", "wgmma.wait_group.sync.aligned %",
        .. new[] { 32, 64, 128 }.Select(n => "{ .reg .pred add; .reg .b64 a, b; setp.eq.u32 add, 0, 0; mov.b64 a, {%, %}; mov.b64 b, {%, %}; wgmma.mma_async.sync.aligned.m64n" + n + "k16.f32.bf16.bf16 {" +
            string.Join(", ", Enumerable.Repeat("%", n / 2)) + "}, a, b, add, 1, 1, 0, 0; }"),
    ];

    private static IEnumerable<string> DeviceInstructions()
        => Assembly().Matches(DeviceFunctions.Text).Select(match => Normalise(match.Groups["text"].Value.TrimEnd(';')))
            .Where(text => text.Length > 0 && !text.Contains("cvta", StringComparison.Ordinal));

    private static IEnumerable<string> DefinedOnDevice()
    {
        var text = DeviceFunctions.Text;
        return DefinitionStart().Matches(text).Select(match => NameBeforeParenthesis().Match(text, match.Index + match.Length).Groups[1].Value);
    }

    // Registers and operand numbers are all one; comments and the function's frame fall away with the lines.
    private static string Normalise(string text)
    {
        var lines = text.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)).Select(line => line.Trim());
        return Regex.Replace(Regex.Replace(string.Join(' ', lines), @"%[a-z]*\d+", "%"), @"\s+", " ").Trim();
    }
}
