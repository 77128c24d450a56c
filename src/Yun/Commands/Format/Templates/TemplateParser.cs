using System.Globalization;

namespace Yun.Commands.Format.Templates;

/// <summary>Reads Go's text/template: everything but templates within templates.</summary>
internal sealed class TemplateParser
{
    private readonly List<Token> _tokens;
    private int _at;

    private TemplateParser(List<Token> tokens) => _tokens = tokens;

    public static List<Node> Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source));
        var nodes = parser.ReadList(out var ender);
        return ender is null ? nodes : throw new TemplateException($"unexpected {{{{{ender}}}}}");
    }

    private Token Peek => _tokens[_at];

    private Token Next() => _tokens[_at++];

    private void Expect(TokenKind kind)
    {
        var token = Next();
        if (token.Kind != kind) throw new TemplateException(token.Kind == TokenKind.End ? "unexpected EOF" : $"unexpected \"{token.Text}\" in command");
    }

    /// <summary>Reads up to the end, or to an <c>end</c> or <c>else</c>; the opening braces and the word are then consumed, what follows is not.</summary>
    private List<Node> ReadList(out string? ender)
    {
        List<Node> nodes = [];
        while (true)
        {
            var token = Next();
            switch (token.Kind)
            {
                case TokenKind.End:
                    ender = null;
                    return nodes;
                case TokenKind.Text:
                    nodes.Add(new TextNode(token.Text));
                    continue;
            }
            if (Peek is { Kind: TokenKind.Word, Text: "end" or "else" })
            {
                ender = Next().Text;
                return nodes;
            }
            nodes.Add(ReadAction());
        }
    }

    private Node ReadAction()
    {
        if (Peek.Kind == TokenKind.Word)
        {
            switch (Peek.Text)
            {
                case "if": Next(); return ReadBranch("if", (value, body, otherwise) => new IfNode(value, body, otherwise));
                case "with": Next(); return ReadBranch("with", (value, body, otherwise) => new WithNode(value, body, otherwise));
                case "range": Next(); return ReadBranch("range", (value, body, otherwise) => new RangeNode(value, body, otherwise));
                case "break" or "continue":
                    var jump = new JumpNode(Next().Text == "break");
                    Expect(TokenKind.Close);
                    return jump;
                case "define" or "template" or "block":
                    throw new TemplateException($"{{{{{Peek.Text}}}}} is not supported");
            }
        }
        var pipeline = ReadPipeline();
        Expect(TokenKind.Close);
        return new ActionNode(pipeline);
    }

    private Node ReadBranch(string word, Func<Pipeline, List<Node>, List<Node>, Node> make)
    {
        var value = ReadPipeline();
        Expect(TokenKind.Close);
        var body = ReadList(out var ender);
        List<Node> otherwise = [];
        if (ender == "else")
        {
            // {{else if}} is an if within the else that shares the end.
            if (Peek is { Kind: TokenKind.Word, Text: "if" or "with" } && Peek.Text == word)
            {
                Next();
                return make(value, body, [ReadBranch(word, make)]);
            }
            Expect(TokenKind.Close);
            otherwise = ReadList(out ender);
        }
        if (ender != "end") throw new TemplateException("unexpected EOF");
        Expect(TokenKind.Close);
        return make(value, body, otherwise);
    }

    private Pipeline ReadPipeline()
    {
        List<string> variables = [];
        var declares = false;
        var start = _at;
        while (Peek.Kind == TokenKind.Variable)
        {
            variables.Add(Next().Text);
            if (Peek.Kind == TokenKind.Comma)
            {
                Next();
                continue;
            }
            if (Peek.Kind is TokenKind.Declare or TokenKind.Assign)
            {
                declares = Next().Kind == TokenKind.Declare;
                start = -1;
            }
            break;
        }
        if (start >= 0)
        {
            _at = start;
            variables.Clear();
        }
        List<Call> calls = [ReadCall()];
        while (Peek.Kind == TokenKind.Pipe)
        {
            Next();
            calls.Add(ReadCall());
        }
        return new Pipeline(variables, declares, calls);
    }

    private Call ReadCall()
    {
        List<Operand> operands = [];
        while (Peek.Kind is not (TokenKind.Close or TokenKind.Pipe or TokenKind.RightParen or TokenKind.End)) operands.Add(ReadOperand());
        return operands.Count > 0 ? new Call(operands) : throw new TemplateException("missing value for command");
    }

    private Operand ReadOperand()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TokenKind.String: return new ConstantOperand(token.Text);
            case TokenKind.Bool: return new ConstantOperand(token.Text == "true");
            case TokenKind.Nil: return new ConstantOperand(null);
            case TokenKind.Number: return new ConstantOperand(ReadNumber(token.Text));
            case TokenKind.Word:
                return TemplateFunctions.Exists(token.Text) ? new FunctionOperand(token.Text) : throw new TemplateException($"function \"{token.Text}\" not defined");
            case TokenKind.Dot: return new ValueOperand(null, null, ReadFields([]));
            case TokenKind.Field: return new ValueOperand(null, null, ReadFields([token.Text]));
            case TokenKind.Variable: return new ValueOperand(token.Text, null, ReadFields([]));
            case TokenKind.LeftParen:
                var inner = ReadPipeline();
                Expect(TokenKind.RightParen);
                return new ValueOperand(null, inner, ReadFields([]));
            default: throw new TemplateException(token.Kind == TokenKind.End ? "unexpected EOF" : $"unexpected \"{token.Text}\" in command");
        }
    }

    // The lexer marks a field that begins a new operand by a space in front.
    private List<string> ReadFields(List<string> fields)
    {
        while (Peek.Kind == TokenKind.Field && !Peek.Text.StartsWith(' ')) fields.Add(Next().Text);
        return fields.ConvertAll(f => f.TrimStart(' '));
    }

    private static object ReadNumber(string text) =>
        text.AsSpan().IndexOfAny(".eE") < 0 || text.StartsWith("0x", StringComparison.Ordinal) ? Integer(text)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real
        : throw new TemplateException($"bad number syntax: \"{text}\"");

    private static long Integer(string text)
    {
        try
        {
            return Numbers.ParseInteger(text);
        }
        catch (FormatException)
        {
            throw new TemplateException($"bad number syntax: \"{text}\"");
        }
    }
}
