using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Ed25519 by the system's OpenSSL, since .NET has no such keys.</summary>
public static unsafe partial class Ed25519
{
    private const int SignatureBytes = 64, PublicKeyBytes = 32;

    /// <summary>False also for a key that OpenSSL cannot read.</summary>
    /// <param name="publicKey">SubjectPublicKeyInfo, DER.</param>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        // Safe: OpenSSL reads what the spans hold while they are fixed, and what it allocates is freed below.
        fixed (byte* keyBytes = publicKey, dataBytes = data, signatureBytes = signature)
        {
            var at = keyBytes;
            var key = d2i_PUBKEY(0, &at, publicKey.Length);
            var context = EVP_MD_CTX_new();
            try
            {
                return key != 0 && context != 0 && EVP_DigestVerifyInit(context, 0, 0, 0, key) == 1
                    && EVP_DigestVerify(context, signatureBytes, (nuint)signature.Length, dataBytes, (nuint)data.Length) == 1;
            }
            finally
            {
                EVP_MD_CTX_free(context);
                EVP_PKEY_free(key);
            }
        }
    }

    /// <param name="privateKey">PKCS #8, DER.</param>
    /// <exception cref="InvalidOperationException">OpenSSL cannot sign with it.</exception>
    public static byte[] Sign(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> data)
    {
        var signature = new byte[SignatureBytes];
        // Safe as above; the signature has room for what Ed25519 writes, and its length says so.
        fixed (byte* keyBytes = privateKey, dataBytes = data, signatureBytes = signature)
        {
            var at = keyBytes;
            var key = d2i_AutoPrivateKey(0, &at, privateKey.Length);
            var context = EVP_MD_CTX_new();
            try
            {
                nuint length = SignatureBytes;
                return key != 0 && context != 0 && EVP_DigestSignInit(context, 0, 0, 0, key) == 1
                    && EVP_DigestSign(context, signatureBytes, &length, dataBytes, (nuint)data.Length) == 1 && length == SignatureBytes
                    ? signature : throw new InvalidOperationException("OpenSSL cannot sign with this key.");
            }
            finally
            {
                EVP_MD_CTX_free(context);
                EVP_PKEY_free(key);
            }
        }
    }

    /// <summary>The 32 bytes of the public key.</summary>
    /// <param name="privateKey">PKCS #8, DER.</param>
    /// <exception cref="InvalidOperationException">OpenSSL cannot read it.</exception>
    public static byte[] PublicOf(ReadOnlySpan<byte> privateKey)
    {
        var point = new byte[PublicKeyBytes];
        // Safe as above.
        fixed (byte* keyBytes = privateKey, pointBytes = point)
        {
            var at = keyBytes;
            var key = d2i_AutoPrivateKey(0, &at, privateKey.Length);
            try
            {
                nuint length = PublicKeyBytes;
                return key != 0 && EVP_PKEY_get_raw_public_key(key, pointBytes, &length) == 1 && length == PublicKeyBytes ? point : throw new InvalidOperationException("OpenSSL cannot read this key.");
            }
            finally
            {
                EVP_PKEY_free(key);
            }
        }
    }

    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library)] private static partial nint d2i_PUBKEY(nint reuse, byte** from, nint length);
    [LibraryImport(Library)] private static partial nint d2i_AutoPrivateKey(nint reuse, byte** from, nint length);
    [LibraryImport(Library)] private static partial void EVP_PKEY_free(nint key);
    [LibraryImport(Library)] private static partial int EVP_PKEY_get_raw_public_key(nint key, byte* to, nuint* length);
    [LibraryImport(Library)] private static partial nint EVP_MD_CTX_new();
    [LibraryImport(Library)] private static partial void EVP_MD_CTX_free(nint context);
    [LibraryImport(Library)] private static partial int EVP_DigestVerifyInit(nint context, nint keyContext, nint digest, nint engine, nint key);
    [LibraryImport(Library)] private static partial int EVP_DigestVerify(nint context, byte* signature, nuint signatureLength, byte* data, nuint dataLength);
    [LibraryImport(Library)] private static partial int EVP_DigestSignInit(nint context, nint keyContext, nint digest, nint engine, nint key);
    [LibraryImport(Library)] private static partial int EVP_DigestSign(nint context, byte* signature, nuint* signatureLength, byte* data, nuint dataLength);
}
