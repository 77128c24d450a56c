using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Yun.Linux;
using Yun.Node.Keeper;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>
/// Machines that have booted and wait to be told what they are, as files of their memory: one for each size, kernel and QEMU, under <c>machines/templates</c> of the data root.
/// A guest of our own making has run in them and nothing else, so they hold nobody's secrets; whoever goes on from one is told new ones first.
/// </summary>
internal sealed class MachineTemplates
{
    private const int KeptMax = 8, KillSignal = 9, EmptyDiskBytes = 4096;
    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly TimeSpan s_writeMax = TimeSpan.FromSeconds(60), s_endMax = TimeSpan.FromSeconds(10);

    private readonly string _folder;
    private readonly ImageMachines _machines;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _known = new(StringComparer.Ordinal);

    public MachineTemplates(string folder, ImageMachines machines)
    {
        (_folder, _machines) = (folder, machines);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var left in Directory.EnumerateDirectories(folder)) Directory.Delete(left, recursive: true);
    }

    /// <summary>The hardware address that a template's network card has, whichever machine goes on from it.</summary>
    public static string CardOf(int number) => string.Create(CultureInfo.InvariantCulture, $"02:59:00:00:00:{number:x2}");

    /// <summary>The template of machines of that shape, made if there is none; null when there can be none, and the machine has to boot.</summary>
    public async Task<string?> OpenAsync(Engine engine, MachineShape shape, BootFiles boot, CancellationToken cancel)
    {
        // What serves folders to a guest has a state that QEMU cannot write down, and a kernel that knows its disks by itself looks at them too early.
        if (shape.HasVolumes || !_machines.Kernel.FindsDisksLate) return null;
        var template = shape with { IsTemplate = true, Interfaces = [.. shape.Interfaces.Select((_, i) => new SandboxInterface("", "", CardOf(i), [], []))] };
        var path = Path.Combine(_folder, KeyOf(template, boot));
        var making = _known.GetOrAdd(path, _ => new(() =>
        {
            var made = MakeAsync(engine, template, boot, path);
            // Waited for when the daemon ends; who asked for it tells what went wrong.
            engine.Track(made.ContinueWith(_ => { }, TaskScheduler.Default));
            return made;
        }));
        try
        {
            await making.Value.WaitAsync(cancel);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return path;
        }
        catch (Exception failed) when (making.Value.IsCompleted && failed is EngineException or IOException or SyscallException)
        {
            _known.TryRemove(KeyValuePair.Create(path, making));
            engine.Log.Warn($"A virtual machine boots, since its template cannot be made: {failed.Message}");
            return null;
        }
    }

    private string KeyOf(MachineShape template, BootFiles boot)
    {
        var identity = new StringBuilder().AppendJoin('\n', QemuCommand.Of(template));
        foreach (var file in (FileInfo[])[new(_machines.Tools.RequireQemu()), new(boot.Kernel), new(boot.InitialRoot)])
            identity.Append(CultureInfo.InvariantCulture, $"\n{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity.ToString())))[..32];
    }

    private async Task<string> MakeAsync(Engine engine, MachineShape template, BootFiles boot, string path)
    {
        if (File.Exists(path)) return path;
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var user = MachineSandbox.UserOf(id);
        var work = Directory.CreateDirectory($"{path}.{id[..12]}").FullName;
        try
        {
            var (state, image, changes, monitor) = (Path.Combine(work, "state"), Path.Combine(work, "image"), Path.Combine(work, "changes"), Path.Combine(work, "monitor"));
            foreach (var file in (string[])[state, image, changes])
            {
                File.WriteAllBytes(file, file == state ? [] : new byte[EmptyDiskBytes]);
                using var opened = PathDescriptor.Open(null, file, OpenFlags.ReadWrite);
                OpenFile.ChangeOwner(opened, user, user);
            }
            MonitorFiles.Write(monitor, user, new Dictionary<string, string>
            {
                ["qemu"] = string.Join('\n', QemuCommand.Of(template)), ["deadline"] = $"{_machines.Options.BootDeadlineSeconds}", ["group"] = "",
            });
            await using var reports = new MachineReports(SandboxSocket.FolderOf(engine.Options, id), user, _ => { });
            var files = new SandboxFiles(_machines.GuestProgram, boot, image, changes, monitor, reports.Folder, state);
            await RunAsync(engine, id, MachineSandbox.TemplateSpec(id, $"/{engine.Options.CgroupName}/{id}", files, template), reports);
            using (var written = PathDescriptor.Open(null, state, OpenFlags.ReadWrite))
            {
                OpenFile.ChangeOwner(written, 0, 0);
                OpenFile.Sync(written);
            }
            File.SetUnixFileMode(state, ForAll);
            File.Move(state, path, overwrite: true);
            Collect();
            return path;
        }
        finally { Directory.Delete(work, recursive: true); }
    }

    private async Task RunAsync(Engine engine, string id, Oci.RuntimeSpec spec, MachineReports reports)
    {
        using var root = MachineSandbox.MountRoot();
        using var usr = _machines.Tools.MountUsr();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(engine.Stopping);
        deadline.CancelAfter(_machines.BootDeadline + s_writeMax);
        var ended = engine.Exits.Expect(id);
        try
        {
            var process = await engine.Keeper.StartAsync(new KeptStart(id, id, spec), root, null, new Dictionary<string, SafeHandle> { ["/usr"] = usr }, CancellationToken.None);
            try { await reports.StartedAsync(deadline.Token); }
            catch (OperationCanceledException late) { throw new EngineException(ErrorKind.Unavailable, "it was not ready in time", late); }
            finally
            {
                ProcessDescriptor.Signal(process.PidFd, KillSignal);
                await ended.WaitAsync(s_endMax);
                await engine.Keeper.ForgetAsync(id);
            }
        }
        finally { engine.Exits.Forget(id); }
    }

    /// <summary>Those that were used last stay. One that a machine is reading meanwhile goes when that has read it.</summary>
    private void Collect()
    {
        foreach (var file in new DirectoryInfo(_folder).GetFiles().OrderByDescending(file => file.LastWriteTimeUtc).Skip(KeptMax))
        {
            _known.TryRemove(file.FullName, out _);
            file.Delete();
        }
    }
}
