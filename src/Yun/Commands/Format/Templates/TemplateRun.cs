using System.Text;

namespace Yun.Commands.Format.Templates;

/// <summary>One application of a template: the output so far and the variables in sight.</summary>
internal sealed class TemplateRun
{
    private enum Flow { On, Break, Continue }

    private readonly StringBuilder _output;
    private readonly List<KeyValuePair<string, object?>> _variables;

    public TemplateRun(StringBuilder output, object? data) => (_output, _variables) = (output, [new("$", data)]);

    public void Walk(List<Node> nodes, object? dot) => _ = WalkList(nodes, dot);

    private Flow WalkList(List<Node> nodes, object? dot)
    {
        foreach (var node in nodes)
        {
            var flow = WalkNode(node, dot);
            if (flow != Flow.On) return flow;
        }
        return Flow.On;
    }

    private Flow WalkNode(Node node, object? dot)
    {
        switch (node)
        {
            case TextNode text:
                _output.Append(text.Text);
                return Flow.On;
            case ActionNode action:
                var value = Evaluate(action.Pipeline, dot);
                if (action.Pipeline.Variables.Count == 0) _output.Append(value is null ? "<no value>" : GoText.Of(value));
                return Flow.On;
            case JumpNode jump:
                return jump.Break ? Flow.Break : Flow.Continue;
        }
        var mark = _variables.Count;
        var result = node switch
        {
            IfNode branch => WalkList(TemplateFunctions.IsTrue(Evaluate(branch.Condition, dot)) ? branch.Then : branch.Else, dot),
            WithNode with => Evaluate(with.Value, dot) is var subject && TemplateFunctions.IsTrue(subject) ? WalkList(with.Then, subject) : WalkList(with.Else, dot),
            RangeNode range => WalkRange(range, dot),
            _ => throw new InvalidOperationException(node.GetType().Name),
        };
        _variables.RemoveRange(mark, _variables.Count - mark);
        return result;
    }

    private Flow WalkRange(RangeNode range, object? dot)
    {
        IEnumerable<(object? Key, object? Value)> items = Evaluate(range.Value with { Variables = [] }, dot) switch
        {
            null => [],
            List<object?> list => list.Select((item, i) => ((object?)(long)i, item)),
            TypedJson { IsStruct: false } map => map.Entries.Select(e => ((object?)e.Key, e.Value)),
            long count => Enumerable.Range(0, (int)count).Select(i => ((object?)(long)i, (object?)(long)i)),
            var other => throw new TemplateException($"range can't iterate over {GoText.Of(other)}"),
        };
        var any = false;
        foreach (var (key, value) in items)
        {
            any = true;
            var mark = _variables.Count;
            var names = range.Value.Variables;
            if (names.Count > 0) _variables.Add(new(names[^1], value));
            if (names.Count > 1) _variables.Add(new(names[0], key));
            var flow = WalkList(range.Body, value);
            _variables.RemoveRange(mark, _variables.Count - mark);
            if (flow == Flow.Break) break;
        }
        return any ? Flow.On : WalkList(range.Else, dot);
    }

    private object? Evaluate(Pipeline pipeline, object? dot)
    {
        object? value = null;
        for (var i = 0; i < pipeline.Calls.Count; i++) value = Evaluate(pipeline.Calls[i], dot, i > 0, value);
        foreach (var name in pipeline.Variables)
        {
            if (pipeline.Declares) _variables.Add(new(name, value));
            else _variables[_variables.FindLastIndex(v => v.Key == name) is >= 0 and var at ? at : throw Undefined(name)] = new(name, value);
        }
        return value;
    }

    private object? Evaluate(Call call, object? dot, bool hasFinal, object? final)
    {
        if (call.Operands[0] is FunctionOperand { Name: "and" or "or" } logic) return Logic(logic.Name == "and", call, dot, hasFinal, final);
        var arguments = call.Operands.Skip(1).Select(o => Evaluate(o, dot)).ToList();
        if (hasFinal) arguments.Add(final);
        if (call.Operands[0] is FunctionOperand function) return TemplateFunctions.Call(function.Name, arguments);
        var value = Evaluate(call.Operands[0], dot);
        if (value is Func<string, object?> method && arguments.Count == 1) return method(GoText.Of(arguments[0]));
        return arguments.Count == 0 ? value : throw new TemplateException($"can't give argument to non-function {GoText.Of(value)}");
    }

    // The rest is not evaluated once the result is known.
    private object? Logic(bool isAnd, Call call, object? dot, bool hasFinal, object? final)
    {
        object? value = null;
        foreach (var operand in call.Operands.Skip(1))
        {
            value = Evaluate(operand, dot);
            if (TemplateFunctions.IsTrue(value) != isAnd) return value;
        }
        return hasFinal ? final : value;
    }

    private object? Evaluate(Operand operand, object? dot) => operand switch
    {
        ConstantOperand constant => constant.Value,
        FunctionOperand function => TemplateFunctions.Call(function.Name, []),
        ValueOperand value => Fields(value.Inner is { } inner ? Evaluate(inner, dot) : value.Variable is { } name ? Variable(name) : dot, value.Fields),
        _ => throw new InvalidOperationException(operand.GetType().Name),
    };

    private object? Variable(string name) =>
        _variables.FindLastIndex(v => v.Key == name) is >= 0 and var at ? _variables[at].Value : throw Undefined(name);

    private static TemplateException Undefined(string name) => new($"undefined variable \"{name}\"");

    private static object? Fields(object? value, List<string> fields)
    {
        foreach (var field in fields)
        {
            if (value is null) throw new TemplateException($"executing \"\" at <.{string.Join('.', fields)}>: nil pointer evaluating {field}");
            if (value is not ITemplateObject item) throw new TemplateException($"executing \"\" at <.{string.Join('.', fields)}>: can't evaluate field {field}");
            // An absent key of a map is no error in Go, but is one in Docker's inspect; a struct's field must exist.
            if (!item.TryGet(field, out value)) throw new TemplateException($"executing \"\" at <.{string.Join('.', fields)}>: map has no entry for key \"{field}\"");
        }
        return value;
    }
}
