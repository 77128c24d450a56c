using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Yun.Node.Logs.Targets;

/// <summary>A syslog server: this machine's, or another by UDP, TCP or TLS.</summary>
internal sealed class SyslogTarget : ILogTarget
{
    private const string Local = "/dev/log";
    private const int Error = 3, Informational = 6;
    private static readonly TimeSpan s_connectMax = TimeSpan.FromSeconds(10);

    private readonly SyslogOptions _options;
    private readonly LogSource _source;
    private Socket? _socket;
    private Stream? _stream;

    private SyslogTarget(SyslogOptions options, LogSource source) => (_options, _source) = (options, source);

    /// <exception cref="IOException">Nobody answers there.</exception>
    internal static async Task<SyslogTarget> ConnectAsync(SyslogOptions options, LogSource source, CancellationToken cancel)
    {
        var target = new SyslogTarget(options, source);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            deadline.CancelAfter(s_connectMax);
            await target.ConnectAsync(deadline.Token);
            return target;
        }
        catch (Exception error) when (error is SocketException or IOException or AuthenticationException or CryptographicException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            target.Dispose();
            throw new IOException($"cannot connect to syslog at {target.Place}: {error.Message}", error);
        }
    }

    public async ValueTask SendAsync(LogEntry entry, CancellationToken cancel)
    {
        var message = Message(entry);
        try
        {
            if (_stream is null) await _socket!.SendAsync(message, SocketFlags.None, cancel);
            else await _stream.WriteAsync(message, cancel);
        }
        catch (Exception error) when (error is SocketException or IOException) { throw new IOException($"syslog at {Place} does not take records: {error.Message}", error); }
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _socket?.Dispose();
    }

    private string Place => _options.Scheme.Length == 0 ? Local : _options.Port == 0 ? _options.Host : $"{_options.Host}:{_options.Port}";

    private bool IsLocal => _options.Scheme is "" or "unix" or "unixgram";

    private async Task ConnectAsync(CancellationToken cancel)
    {
        if (IsLocal)
        {
            var path = new UnixDomainSocketEndPoint(_options.Scheme.Length == 0 ? Local : _options.Host);
            _socket = new Socket(AddressFamily.Unix, _options.Scheme == "unix" ? SocketType.Stream : SocketType.Dgram, ProtocolType.Unspecified);
            await _socket.ConnectAsync(path, cancel);
            if (_options.Scheme == "unix") _stream = new NetworkStream(_socket);
            return;
        }
        var addresses = await Dns.GetHostAddressesAsync(_options.Host, cancel);
        var isUdp = _options.Scheme == "udp";
        _socket = new Socket(addresses[0].AddressFamily, isUdp ? SocketType.Dgram : SocketType.Stream, isUdp ? ProtocolType.Udp : ProtocolType.Tcp);
        await _socket.ConnectAsync(new IPEndPoint(addresses[0], _options.Port), cancel);
        if (isUdp) return;
        _stream = new NetworkStream(_socket);
        if (_options.Scheme == "tcp+tls") _stream = await SecureAsync(_stream, cancel);
    }

    private async Task<Stream> SecureAsync(Stream plain, CancellationToken cancel)
    {
        var tls = _options.Tls;
        var settings = new SslClientAuthenticationOptions { TargetHost = _options.Host };
        settings.RemoteCertificateValidationCallback = (_, _, _, wrong) => wrong == SslPolicyErrors.None || tls.IsUnchecked;
        if (tls.Authority.Length > 0)
        {
            settings.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            settings.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(tls.Authority);
        }
        if (tls.Certificate.Length > 0) settings.ClientCertificates = [X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key)];
        var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(settings, cancel);
        return secure;
    }

    // Over a stream a record ends with its line; with RFC 5424 over TLS its length stands in front (RFC 5425).
    private byte[] Message(LogEntry entry)
    {
        var priority = _options.Facility * 8 + (entry.IsError ? Error : Informational);
        var time = new DateTimeOffset(DateTime.UnixEpoch.AddTicks(entry.Time.Nanoseconds / 100)).ToLocalTime();
        var head = FormattableString.Invariant(_options.Format switch
        {
            SyslogFormat.Rfc3164 when IsLocal => (FormattableString)$"<{priority}>{time:MMM} {time.Day,2} {time:HH:mm:ss} {_source.Tag}[{Environment.ProcessId}]: ",
            SyslogFormat.Rfc3164 => $"<{priority}>{time:MMM} {time.Day,2} {time:HH:mm:ss} {Environment.MachineName} {_source.Tag}[{Environment.ProcessId}]: ",
            SyslogFormat.Rfc5424 => $"<{priority}>1 {time:yyyy-MM-ddTHH:mm:sszzz} {Environment.MachineName} {_source.Tag} {Environment.ProcessId} {_source.Tag} - ",
            _ => $"<{priority}>1 {time:yyyy-MM-ddTHH:mm:ss.ffffffzzz} {Environment.MachineName} {_source.Tag} {Environment.ProcessId} {_source.Tag} - ",
        });
        var text = entry.Text.Span;
        if (text.EndsWith("\n"u8)) text = text[..^1];
        byte[] message = [.. Encoding.UTF8.GetBytes(head), .. text, (byte)'\n'];
        return _options is { Scheme: "tcp+tls", Format: not SyslogFormat.Rfc3164 } ? [.. Encoding.ASCII.GetBytes($"{message.Length} "), .. message] : message;
    }
}
