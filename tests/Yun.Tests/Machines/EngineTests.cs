namespace Yun.Tests.Machines;

/// <summary>The daemon on the distribution's kernel, with cgroups v2 alone.</summary>
public sealed class EngineTests(GuestFixture fixture)
{
    // Every test is content with the daemon of another. The guest's modprobe is busybox's, which does not wait for a module that the kernel asks for twice at once.
    private const string Daemon = """
        modprobe overlay; modprobe nf_tables
        [ -S /run/yun.sock ] || { yun daemon --data-root /var/lib/yun --exec-root /run/yun --pidfile /run/yun.pid --host unix:///run/yun.sock >/run/daemon.log 2>&1 </dev/null & }
        export DOCKER_HOST=unix:///run/yun.sock
        n=0; until yun version >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 300 ] || { cat /run/daemon.log >&2; exit 1; }; sleep 0.1; done
        yun image inspect busybox >/dev/null 2>&1 || yun import -c 'CMD ["sh"]' /srv/busybox.tar busybox >/dev/null || exit 1

        """;

    private async Task<string[]> RunAsync(string script) => (await (await fixture.StartedAsync()).RunAsync(Daemon + script)).Succeeded().Lines;

    [Fact]
    public async Task A_container_runs_with_its_limits_and_its_own_view_of_cgroups()
    {
        Assert.Equal(["0::/", $"{64 << 20}", "20000 100000", "50"], await RunAsync("yun run --rm --memory 64m --cpus 0.2 --pids-limit 50 busybox sh -c 'cat /proc/self/cgroup; cd /sys/fs/cgroup; cat memory.max cpu.max pids.max'"));
    }

    [Fact]
    public async Task Who_is_killed_for_want_of_memory_is_said_to_be()
    {
        Assert.Equal(["137", "true 137"], await RunAsync("yun run --name eater --memory 16m --memory-swap 16m busybox sh -c 'exec tail /dev/zero'; echo $?; yun inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' eater; yun rm eater >/dev/null"));
    }

    [Fact]
    public async Task Limits_are_changed_and_use_is_told_while_it_runs_paused_or_not()
    {
        var lines = await RunAsync("yun run -d --name living busybox sleep 1000 >/dev/null; yun update --memory 32m --memory-swap 64m --cpus 0.5 living >/dev/null; yun exec living sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max'; yun pause living >/dev/null; yun inspect --format '{{.State.Status}}' living; yun unpause living >/dev/null; yun stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' living | grep -o '^1 .* / 32MiB' | grep -o '32MiB'; yun rm -f living");
        Assert.Equal([$"{32 << 20}", $"{32 << 20}", "50000 100000", "paused", "32MiB", "living"], lines);
    }

    [Fact]
    public async Task An_image_of_sixty_layers_is_built_and_runs()
    {
        var lines = await RunAsync("mkdir -p /tmp/sixty && cd /tmp/sixty && (echo FROM busybox; i=1; while [ $i -lt 60 ]; do echo $i >f$i; echo COPY f$i /layers/; i=$((i + 1)); done) >Dockerfile && yun build -t sixty . >log 2>&1 || { tail -n 5 log >&2; exit 1; }; yun inspect --type image --format '{{len .RootFS.Layers}}' sixty; yun run --rm sixty sh -c 'ls /layers | wc -l; cat /layers/f1 /layers/f59; echo new >/layers/f1 && cat /layers/f1'");
        Assert.Equal(["60", "59", "1", "59", "new"], lines);
    }

    [Fact]
    public async Task Containers_find_and_reach_one_another_by_name_and_from_the_machine_by_port()
    {
        var lines = await RunAsync("yun network create meet >/dev/null; yun run -d --name page --network meet -p 8000:80 busybox sh -c 'echo hello >/index.html; exec httpd -f -p 80 -h /' >/dev/null; yun run --rm --network meet busybox wget -q -O - http://page/; n=0; until wget -q -O - http://127.0.0.1:8000/; do n=$((n + 1)); [ $n -lt 50 ] || exit 1; sleep 0.1; done; yun rm -f page >/dev/null; yun network rm meet");
        Assert.Equal(["hello", "hello", "meet"], lines);
    }
}
