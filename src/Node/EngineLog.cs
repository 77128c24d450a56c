namespace Yun.Node;

public enum LogLevel { Debug, Info, Warn, Error }

/// <summary>Where the engine says what nobody asked for: one sentence each, for the person who runs the machine.</summary>
public sealed class EngineLog(Action<LogLevel, string> write)
{
    public static EngineLog Nowhere { get; } = new((_, _) => { });

    public void Debug(string message) => write(LogLevel.Debug, message);
    public void Info(string message) => write(LogLevel.Info, message);
    public void Warn(string message) => write(LogLevel.Warn, message);
    public void Error(string message) => write(LogLevel.Error, message);
}
