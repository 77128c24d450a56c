using Yun.Images.Content;
using Yun.Oci;

namespace Yun.Images;

/// <summary>
/// What an operation has made or counts on while no name stands for it yet: layers from their commit on, images from their making or from when they were found. Nobody removes any of it
/// while the lease lasts.
/// </summary>
/// <remarks>What is made under a lease that settles later is of use at once, and on the disk after the next change that somebody waits for (<see cref="ImageStore.SettleAsync"/>).</remarks>
public sealed class ImageLease : IDisposable
{
    private readonly ImageStore _images;
    private readonly string _holder;
    private readonly Dictionary<Digest, IDisposable> _held = [];
    private bool _ended;

    internal ImageLease(ImageStore images, Pins.Lease content, string holder, bool settlesLater) => (_images, Content, _holder, SettlesLater) = (images, content, holder, settlesLater);

    internal bool SettlesLater { get; }

    internal Pins.Lease Content { get; }

    /// <summary>False when the image was removed, or is about to be.</summary>
    public bool TryHold(Image image)
    {
        lock (_held)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            if (_held.ContainsKey(image.Id)) return true;
            if (_images.TryUse(image.Id, _holder, () => true) is not { } use) return false;
            _held.Add(image.Id, use);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_held)
        {
            _ended = true;
            foreach (var use in _held.Values) use.Dispose();
            _held.Clear();
        }
        Content.Dispose();
    }
}
