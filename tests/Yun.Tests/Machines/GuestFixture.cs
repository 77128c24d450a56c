using Yun.Tests.Machines;

[assembly: AssemblyFixture(typeof(GuestFixture))]

namespace Yun.Tests.Machines;

/// <summary>One virtual machine for all tests that need one, booted by the first that asks.</summary>
public sealed class GuestFixture : IAsyncDisposable
{
    private readonly Lazy<Task<Guest>> _guest = new(Guest.StartAsync);

    public Task<Guest> StartedAsync() => _guest.Value;

    public async ValueTask DisposeAsync()
    {
        if (_guest.IsValueCreated && _guest.Value.IsCompletedSuccessfully) await (await _guest.Value).DisposeAsync();
    }
}
