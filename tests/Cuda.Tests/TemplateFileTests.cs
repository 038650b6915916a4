using FocalNet.Cuda.Tests.Support;
using FocalNet.Runtime.Cuda.Templates;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>Templates are found by name and stand after what they need.</summary>
public sealed class TemplateFileTests
{
    [Fact]
    public void Every_template_stands_once_and_after_all_that_it_needs()
    {
        var order = CudaTemplates.InOrder(CudaTemplates.Names).ToList();
        Assert.Equal(CudaTemplates.Names, order.Order(StringComparer.Ordinal));
        foreach (var name in order)
        {
            var alone = CudaTemplates.InOrder(name);
            Assert.Equal(name, alone[^1]);
            Assert.All(alone, needed => Assert.True(order.IndexOf(needed) <= order.IndexOf(name), $"{name} needs {needed}"));
        }
    }

    // Kernels that share a launch bring their templates into one text: no two may name a thing alike.
    [Fact]
    public void All_templates_together_are_one_text()
    {
        Requires.Emulator();
        string text = CudaTemplates.Source(CudaTemplates.Names) + "extern \"C\" __global__ void __launch_bounds__(32) nothing(float* y) { y[threadIdx.x] = 0.0f; }\n";
        using CudaModule module = CudaEmulator.Compile(text, EmulatorBuild.Fast);
        Assert.Single(module.Kernels);
    }

    [Fact]
    public void An_unknown_template_is_refused_with_the_names_that_there_are()
        => Assert.Contains("device_functions.cu", Assert.Throws<ArgumentException>(() => CudaTemplates.Source("no_such.cu")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_source_is_the_texts_in_order()
        => Assert.Equal(CudaTemplates.Text("device_functions.cu"), CudaTemplates.Source("device_functions.cu"));
}
