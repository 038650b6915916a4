namespace FocalNet.Generators.Tests;

public sealed class SmokeTest
{
    [Fact]
    public void Assembly_loads() => Assert.NotNull(typeof(SmokeTest).Assembly);
}
