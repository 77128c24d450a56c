namespace Yun.Runtime.Walker;

internal enum ArgumentKind : byte
{
    Number,
    Text,
    /// <summary>A structure or list in the arena; printed by its name.</summary>
    Memory,
    /// <summary>A descriptor that the parent opened; printed by its name, since its number changes from run to run.</summary>
    Descriptor,
    /// <summary>The result of an earlier step.</summary>
    Result,
}

/// <summary>An argument of a step: its value as the kernel gets it, and how a reader of the program sees it.</summary>
internal readonly struct Argument
{
    private Argument(ArgumentKind kind, long value, string? name)
    {
        Kind = kind;
        Value = value;
        Name = name;
    }

    public ArgumentKind Kind { get; }
    public long Value { get; }
    public string? Name { get; }

    public static implicit operator Argument(long value) => new(ArgumentKind.Number, value, null);

    public static unsafe Argument Text(byte* text) => new(ArgumentKind.Text, (long)text, null);

    public static unsafe Argument Memory(void* memory, string name) => new(ArgumentKind.Memory, (long)memory, name);

    /// <summary>A flag word: a number with the names a reader wants.</summary>
    public static Argument Flags(long value, string names) => new(ArgumentKind.Number, value, names);

    public static Argument Descriptor(int descriptor, string name) => new(ArgumentKind.Descriptor, descriptor, name);

    public static unsafe Argument Result(Slot slot) => new(ArgumentKind.Result, (long)slot.Place, slot.Name);
}

/// <summary>Where a step's result goes and later steps find it.</summary>
internal readonly unsafe struct Slot(long* place, string name)
{
    public long* Place { get; } = place;
    public string Name { get; } = name;

    public static implicit operator Argument(Slot slot) => Argument.Result(slot);
}
