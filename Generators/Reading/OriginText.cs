using System.Text;
using FocalNet.Graph.Ir;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading;

/// <summary>The text of an expression on one line, without comments, cut where it is long.</summary>
internal static class OriginText
{
    private const int MaximumLength = 120;

    /// <summary>Text of an expression.</summary>
    public static string Of(SyntaxNode node)
    {
        var text = new StringBuilder();
        bool space = false;
        foreach (SyntaxToken token in node.DescendantTokens())
        {
            string part = token.Text;
            // A chain of calls over several lines reads as on one.
            bool tight = text.Length == 0 || part is "." or "?" or ")" or "]" or "," or ";" || text[text.Length - 1] is '(' or '[' or '.' or '!';
            if ((space || token.HasLeadingTrivia) && (!tight || part == "?" && space))
                text.Append(' ');
            text.Append(part);
            space = token.HasTrailingTrivia;
            if (text.Length > MaximumLength)
                return text.ToString(0, MaximumLength - 1).Replace('\n', ' ').Replace("\r", "") + "…";
        }
        return text.ToString().Replace('\n', ' ').Replace("\r", "");
    }

    /// <summary>The origin of what an expression makes.</summary>
    public static Origin Origin(string member, SyntaxNode node) => new(member, Of(node), false);
}
