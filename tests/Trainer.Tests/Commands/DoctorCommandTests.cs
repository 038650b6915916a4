using System.Text.Json;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>On whatever machine the tests run; half-installed machines are in Cuda.Device.Tests.</summary>
public sealed class DoctorCommandTests
{
    [Fact]
    public void Text_and_JSON_say_what_there_is_and_where_it_was_looked_for()
    {
        var text = Shell.Run("doctor");
        using var json = JsonDocument.Parse(Shell.Run("doctor", "--json").Output);
        var root = json.RootElement;
        Assert.Equal(root.GetProperty("healthy").GetBoolean() ? ExitCodes.Success : ExitCodes.Failure, text.ExitCode);
        Assert.Contains(root.GetProperty("conclusion").GetString()!, text.Output, StringComparison.Ordinal);
        Assert.Equal(["driver", "NVRTC", "cuBLAS"], root.GetProperty("libraries").EnumerateArray().Select(l => l.GetProperty("name").GetString()));
        foreach (var library in root.GetProperty("libraries").EnumerateArray())
        {
            JsonElement[] tried = [.. library.GetProperty("tried").EnumerateArray()];
            Assert.NotEmpty(tried);
            Assert.Equal(library.GetProperty("path").ValueKind == JsonValueKind.String, tried[^1].GetProperty("outcome").GetString() == "loaded");
        }

        Assert.Contains(root.GetProperty("cache").GetProperty("folder").GetString()!, text.Output, StringComparison.Ordinal);
        Assert.True(root.GetProperty("cuda").GetBoolean() || root.GetProperty("advice").GetArrayLength() > 0);
    }

    [Fact]
    public void Auto_says_what_it_chose_and_why()
    {
        using var device = Devices.Open("auto", 1, Precision.Default);
        Assert.Contains("(--device auto: ", Devices.Explain("auto", device), StringComparison.Ordinal);
        Assert.DoesNotContain("auto", Devices.Explain("cpu", device), StringComparison.Ordinal);
    }
}
