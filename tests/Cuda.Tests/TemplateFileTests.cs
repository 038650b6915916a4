using FocalNet.Runtime.Cuda.Templates;

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

    [Fact]
    public void An_unknown_template_is_refused_with_the_names_that_there_are()
        => Assert.Contains("device_functions.cu", Assert.Throws<ArgumentException>(() => CudaTemplates.Source("no_such.cu")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_source_is_the_texts_in_order()
        => Assert.Equal(CudaTemplates.Text("device_functions.cu"), CudaTemplates.Source("device_functions.cu"));
}
