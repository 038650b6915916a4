using System.Globalization;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>Numbers as Finns write them, for as long as a test lasts: a comma before decimals, a space between thousands.</summary>
internal sealed class CommaCulture : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    public CommaCulture() => CultureInfo.CurrentCulture = new CultureInfo("")
    {
        NumberFormat = { NumberDecimalSeparator = ",", NumberGroupSeparator = " ", NegativeSign = "−", PercentDecimalSeparator = "," },
    };

    public void Dispose() => CultureInfo.CurrentCulture = _before;
}
