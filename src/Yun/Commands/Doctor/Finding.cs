namespace Yun.Commands.Doctor;

/// <summary>How a check came out. A warning is something that does not work or soon will not; with an error Yun itself does not.</summary>
public enum Verdict { Ok, Warning, Error }

/// <summary>What one check found.</summary>
/// <param name="Advice">What to do; null where nothing is to be done.</param>
public sealed record Finding(string Check, Verdict Verdict, string Found, string? Advice = null)
{
    public static Finding Ok(string check, string found) => new(check, Verdict.Ok, found);
    public static Finding Warning(string check, string found, string advice) => new(check, Verdict.Warning, found, advice);
    public static Finding Error(string check, string found, string advice) => new(check, Verdict.Error, found, advice);
}
