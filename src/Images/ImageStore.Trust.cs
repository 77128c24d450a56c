using Yun.Images.Transfers;
using Yun.Images.Trust;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>What images must show before they are pulled.</summary>
    public TrustPolicy Trust { get; set; } = TrustPolicy.AcceptAll;

    /// <exception cref="EngineException">Forbidden: the policy does not let it in.</exception>
    private async Task RequireTrustAsync(ImageReference reference, RemoteImage remote, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        if (Trust.Find(reference) is not { } rule) return;
        var failure = rule.Require switch
        {
            TrustRequirement.Digest when reference.Digest is null => $"The image {reference.Familiar} is taken by its digest only: pull {reference.FamiliarName}@{remote.NamedDigest} if that is the one you mean.",
            // A signature of the index vouches for the images it names.
            TrustRequirement.Signature when !await IsSignedAsync(remote, rule, cancel) => ImageSignatures.Unsigned(reference, Trust.KeysOf(rule)).Message,
            _ => null,
        };
        if (failure is null) return;
        if (!rule.WarnOnly) throw new EngineException(ErrorKind.Forbidden, failure);
        progress?.Report(new TransferProgress($"Warning: {failure}"));
    }

    private async Task<bool> IsSignedAsync(RemoteImage remote, TrustRule rule, CancellationToken cancel)
    {
        var keys = Trust.KeysOf(rule);
        foreach (var digest in new[] { remote.NamedDigest, remote.Manifest.Descriptor.Digest }.Distinct())
            if (await ImageSignatures.IsSignedAsync(remote.Registry, remote.Repository, digest, keys, cancel)) return true;
        return false;
    }
}
