using Yun.Linux.Nftables;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    // Firewalls are reloaded in several transactions; the last of them counts.
    private static readonly TimeSpan s_settleTime = TimeSpan.FromMilliseconds(300);

    private readonly CancellationTokenSource _stopping = new();
    private NftablesMonitor? _monitor;
    private Timer? _settled;
    private volatile bool _isTableTouched;

    private void OpenForeignFirewalls()
    {
        try { _foreign.Open(_local.Values.Where(network => network.IsBridge).Select(bridge => bridge.Definition.Bridge)); }
        catch (NftablesException error) { _log.Warn($"Other firewalls on this machine cannot be looked at: {error.Message}"); }
    }

    private void CloseForeignFirewalls(string bridge)
    {
        try { _foreign.Close(bridge); }
        catch (NftablesException error) { _log.Warn($"Other firewalls on this machine cannot be looked at: {error.Message}"); }
    }

    /// <summary>Whoever flushes or reloads the machine's rules: ours are back within a second.</summary>
    private void WatchFirewall()
    {
        _settled ??= new Timer(_ => RestoreFirewall());
        _monitor ??= new NftablesMonitor(tables =>
        {
            if (tables.Count == 0 || tables.Contains(_names.Table)) _isTableTouched = true;
            _settled.Change(s_settleTime, Timeout.InfiniteTimeSpan);
        });
    }

    private void RestoreFirewall()
    {
        if (_stopping.IsCancellationRequested) return;
        try
        {
            if (_isTableTouched)
            {
                _isTableTouched = false;
                _firewall.Restore();
                _log.Warn($"Another program changed the firewall table {_names.Table}; it was restored.");
            }
            OpenForeignFirewalls();
        }
        catch (EngineException error) { _log.Error(error.Message); }
    }

    private void StopWatchingFirewall()
    {
        _stopping.Cancel();
        _monitor?.Dispose();
        _settled?.Dispose();
    }
}
