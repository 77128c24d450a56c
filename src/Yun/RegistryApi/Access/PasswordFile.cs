using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Yun.Protocol;

namespace Yun.RegistryApi.Access;

/// <summary>
/// The file of <c>htpasswd -B</c>: users and bcrypt hashes. It is read again when it changes. bcrypt is slow on purpose, and a client proves itself with every request, so a
/// proof that was right is remembered, as a keyed hash, for as long as the file stands.
/// </summary>
internal sealed class PasswordFile(string path) : IDisposable
{
    // What a wrong name is compared with, so that it takes as long as a wrong password.
    private const string NobodysHash = "$2y$10$CwTycUXWue0Thq9StjUM0uGAPS7UozKic8WKZt.EuyeNqkR/GXSUO";
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly SemaphoreSlim _room = new(2, 2);
    private volatile Content _content = Content.Read(path);

    private sealed record Content(DateTime Written, IReadOnlyDictionary<string, string> Hashes)
    {
        public ConcurrentDictionary<string, byte[]> Proven { get; } = new();

        public static Content Read(string path)
        {
            try
            {
                var written = File.GetLastWriteTimeUtc(path);
                var hashes = new Dictionary<string, string>();
                foreach (var line in File.ReadLines(path).Where(line => line.Length > 0 && line[0] != '#'))
                {
                    var colon = line.IndexOf(':', StringComparison.Ordinal);
                    var hash = line[(colon + 1)..].Trim();
                    if (colon < 1 || !hash.StartsWith("$2", StringComparison.Ordinal))
                        throw new EngineException(ErrorKind.InvalidArgument, $"The password file {path} has a line that is no name and bcrypt hash; make it with 'htpasswd -B'.");
                    hashes[line[..colon]] = hash;
                }
                return new Content(written, hashes);
            }
            catch (IOException unreadable)
            {
                throw new EngineException(ErrorKind.InvalidArgument, $"Cannot read the password file {path}: {unreadable.Message}", unreadable);
            }
        }
    }

    public bool Verify(string user, string password)
    {
        var content = Current();
        var proof = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{user}\0{password}"));
        if (content.Proven.TryGetValue(user, out var proven) && CryptographicOperations.FixedTimeEquals(proven, proof)) return true;
        var known = content.Hashes.TryGetValue(user, out var hash);
        // Guessing must not take all of the machine.
        _room.Wait();
        try
        {
            if (!BCrypt.Net.BCrypt.Verify(password, hash ?? NobodysHash) || !known) return false;
        }
        catch (Exception unusable) when (unusable is BCrypt.Net.SaltParseException or ArgumentException)
        {
            return false;
        }
        finally
        {
            _room.Release();
        }
        content.Proven[user] = proof;
        return true;
    }

    public void Dispose() => _room.Dispose();

    private Content Current()
    {
        var content = _content;
        if (File.GetLastWriteTimeUtc(path) == content.Written) return content;
        try { return _content = Content.Read(path); }
        // Half of it is being written; what was there before stands until it can be read.
        catch (EngineException) { return content; }
    }
}
