namespace Yun.Commands.Format.Templates;

/// <summary>What a template is made of once it was read.</summary>
internal abstract record Node;

internal sealed record TextNode(string Text) : Node;

/// <summary><c>{{pipeline}}</c>; with variables it is an assignment and prints nothing.</summary>
internal sealed record ActionNode(Pipeline Pipeline) : Node;

internal sealed record IfNode(Pipeline Condition, List<Node> Then, List<Node> Else) : Node;

internal sealed record WithNode(Pipeline Value, List<Node> Then, List<Node> Else) : Node;

internal sealed record RangeNode(Pipeline Value, List<Node> Body, List<Node> Else) : Node;

/// <summary><c>{{break}}</c> or <c>{{continue}}</c>.</summary>
internal sealed record JumpNode(bool Break) : Node;

/// <summary>Commands whose results become the last argument of the next, and the variables that take the final one.</summary>
internal sealed record Pipeline(List<string> Variables, bool Declares, List<Call> Calls);

/// <summary>A function or a value, and its arguments.</summary>
internal sealed record Call(List<Operand> Operands);

internal abstract record Operand;

internal sealed record ConstantOperand(object? Value) : Operand;

internal sealed record FunctionOperand(string Name) : Operand;

/// <summary><c>.</c>, <c>$</c>, <c>$name</c> or a parenthesized pipeline, and the fields behind it.</summary>
internal sealed record ValueOperand(string? Variable, Pipeline? Inner, List<string> Fields) : Operand;
