namespace Yun.Runtime.Keep;

/// <summary>What the keeper says about itself: lines in its own log, which is its standard error. There are few.</summary>
internal static class Journal
{
    public static void Write(string text)
    {
        try { Console.Error.WriteLine($"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {text}"); }
        catch (IOException) { } // The disk is full; there is nowhere else to say it.
    }
}
