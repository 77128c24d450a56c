using Yun.DockerApi.Model;

namespace Yun.Commands.Format;

/// <summary><c>[=====>     ]  1.5MB/3MB</c>.</summary>
public static class ProgressBar
{
    private const int Width = 50;
    private const int ColumnsForBar = 110;
    private const int ColumnsForTime = 50;

    public static string Draw(ProgressDetail detail, int columns, DateTimeOffset now)
    {
        if (detail.Current <= 0 && detail.Total <= 0) return "";
        if (detail.Total <= 0) return detail.Units is { Length: > 0 } unit ? $"{detail.Current} {unit}" : HumanSize.Decimal(detail.Current).PadLeft(8);
        var filled = Math.Min(Width, (int)(detail.Current * 100.0 / detail.Total) / 2);
        var bar = columns > ColumnsForBar ? $"[{new string('=', filled)}>{new string(' ', Width - filled)}] " : "";
        return bar + Counts(detail) + (filled < Width && columns > ColumnsForTime ? TimeLeft(detail, now) : "");
    }

    private static string Counts(ProgressDetail detail)
    {
        if (detail.HideCounts) return "";
        var over = detail.Current > detail.Total;
        if (detail.Units is { Length: > 0 } unit) return over ? $"{detail.Current} {unit}" : $"{detail.Current}/{detail.Total} {unit}";
        var current = HumanSize.Decimal(detail.Current).PadLeft(8);
        return over ? current : $"{current}/{HumanSize.Decimal(detail.Total)}";
    }

    private static string TimeLeft(ProgressDetail detail, DateTimeOffset now)
    {
        if (detail.Current <= 0 || detail.Start <= 0) return "";
        var passed = (now - DateTimeOffset.FromUnixTimeSeconds(detail.Start)).TotalSeconds;
        var left = TimeSpan.FromSeconds(Math.Max(0, Math.Floor(passed / detail.Current * (detail.Total - detail.Current))));
        return left.TotalHours >= 1 ? $" {(int)left.TotalHours}h{left.Minutes}m{left.Seconds}s" : left.TotalMinutes >= 1 ? $" {left.Minutes}m{left.Seconds}s" : $" {left.Seconds}s";
    }
}
