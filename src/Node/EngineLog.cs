namespace Yun.Node;

public enum Severity { Debug, Info, Warn, Error }

/// <summary>Where the engine says what nobody asked for: one sentence each, for the person who runs the machine.</summary>
public sealed class EngineLog(Action<Severity, string> write)
{
    public static EngineLog Nowhere { get; } = new((_, _) => { });

    public void Debug(string message) => write(Severity.Debug, message);
    public void Info(string message) => write(Severity.Info, message);
    public void Warn(string message) => write(Severity.Warn, message);
    public void Error(string message) => write(Severity.Error, message);
}
