using System.Globalization;

namespace FocalNet.Graph;

/// <summary>Numbers as text, the same in every culture.</summary>
public static class Text
{
    /// <summary>An integer.</summary>
    public static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A floating-point number that reads back as the same double.</summary>
    public static string Of(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A number with a fixed number of digits after the point.</summary>
    public static string Fixed(double value, int digits) => value.ToString("F" + Of(digits), CultureInfo.InvariantCulture);
}
