using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Logs.Targets;

internal enum SyslogFormat { Rfc3164, Rfc5424, Rfc5424Micro }

/// <summary>The options of Docker's syslog driver.</summary>
/// <param name="Scheme">udp, tcp, tcp+tls, unix (stream) or unixgram; empty for this machine's own syslog.</param>
/// <param name="Facility">RFC 5424, table 1: 0 to 23.</param>
internal sealed record SyslogOptions(string Scheme, string Host, int Port, int Facility, SyslogFormat Format, SyslogTls Tls)
{
    private const int Daemon = 3, PlainPort = 514;
    private static readonly string[] s_facilities =
        ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"];

    /// <exception cref="EngineException">An option cannot be read.</exception>
    internal static SyslogOptions Parse(IReadOnlyDictionary<string, string> options)
    {
        string Of(string name) => options.GetValueOrDefault("syslog-" + name, "");
        var (scheme, host, port) = ParseAddress(Of("address"));
        return new SyslogOptions(scheme, host, port, ParseFacility(Of("facility")), Of("format") switch
        {
            "" or "rfc3164" => SyslogFormat.Rfc3164,
            "rfc5424" => SyslogFormat.Rfc5424,
            "rfc5424micro" => SyslogFormat.Rfc5424Micro,
            _ => throw Wrong("invalid syslog format"),
        }, new SyslogTls(Of("tls-ca-cert"), Of("tls-cert"), Of("tls-key"), Of("tls-skip-verify") is not ("" or "false" or "0")));
    }

    private static (string Scheme, string Host, int Port) ParseAddress(string address)
    {
        if (address.Length == 0) return ("", "", 0);
        var at = address.IndexOf("://", StringComparison.Ordinal);
        var (scheme, rest) = at < 0 ? ("", address) : (address[..at], address[(at + 3)..]);
        if (scheme is "unix" or "unixgram") return rest.StartsWith('/') ? (scheme, rest, 0) : throw Wrong($"syslog-address should be in form proto://address, got {address}");
        if (scheme is not ("udp" or "tcp" or "tcp+tls")) throw Wrong($"syslog-address should be in form proto://address, got {address}");
        var colon = rest.LastIndexOf(':');
        var hasPort = colon >= 0 && !rest.EndsWith(']');
        var port = PlainPort;
        if (hasPort && (!int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65535)) throw Wrong($"syslog-address has no port that can be: {address}");
        var host = (hasPort ? rest[..colon] : rest).Trim('[', ']');
        return host.Length > 0 ? (scheme, host, port) : throw Wrong($"syslog-address names no host: {address}");
    }

    private static int ParseFacility(string text)
    {
        if (text.Length == 0) return Daemon;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < s_facilities.Length) return number;
        return Array.IndexOf(s_facilities, text) is >= 0 and var named ? named : throw Wrong("invalid syslog facility");
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

/// <summary>Files in PEM; empty where not given.</summary>
internal sealed record SyslogTls(string Authority, string Certificate, string Key, bool IsUnchecked);
