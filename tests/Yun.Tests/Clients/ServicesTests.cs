using System.Text;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>PostgreSQL, Redis, nginx and RabbitMQ of the distribution, in images built here, as a shop behind a web server uses them.</summary>
public sealed class ServicesTests(DaemonFixture fixture) : ComposeTest(fixture)
{
    private static readonly string[] s_services = ["front", "shop", "database", "cache", "queue"];

    [Theory, MemberData(nameof(Generations))]
    public async Task A_shop_of_real_services_is_built_sells_stops_in_order_and_keeps_what_it_sold(string generation)
    {
        await ImportBaseAsync();
        var project = Project(generation, "services/compose.yml");
        var port = LoopbackPort.Free();
        project.Variables["PORT"] = $"{port}";
        foreach (var service in s_services) project.Variables[service.ToUpperInvariant()] = Name(service);
        File.WriteAllText(Path.Combine(project.Folder, "services", "password.txt"), "open sesame\n");
        Directory.CreateDirectory(Path.Combine(project.Folder, "services", "static"));
        File.WriteAllText(Path.Combine(project.Folder, "services", "static", "page"), "a page\n");
        await project.TextAsync("build");
        await project.TextAsync("up", "-d");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        await Eventually.HoldsAsync(() => IsOpenAsync(http));
        Assert.Equal("a page\n", await http.GetStringAsync("static/page"));
        Assert.Equal("""{"ordered": "apple"}""", await (await http.PostAsync("", new StringContent("apple", Encoding.UTF8))).Content.ReadAsStringAsync());
        Assert.Equal("""{"orders": ["apple"], "announced": 1}""", await OrdersAsync(http));

        Assert.Equal("postgres redis rabbitmq 1000", $"{await UserAsync(project, "database")} {await UserAsync(project, "cache")} {await UserAsync(project, "queue")} {await project.ExecAsync("shop", "id", "-u")}");
        Assert.Contains("131072", await project.ExecAsync("database", "df", "/dev/shm"));

        // A clean end is one by the service's own stop signal: a killed service would say 137.
        await project.TextAsync("stop", "-t", "60");
        foreach (var service in s_services)
            Assert.Equal($"{service} exited 0", $"{service} {await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", project.Container(service))}");
        Assert.Contains("database system is shut down", (await project.RunAsync("logs", "--no-color", "database")).Succeeded().Text);
        await project.TextAsync("down");

        await project.TextAsync("up", "-d");
        await Eventually.HoldsAsync(() => IsOpenAsync(http));
        Assert.Equal("""{"orders": ["apple"], "announced": 1}""", await OrdersAsync(http));
        // The front asks for the shop's address again, so a shop that comes back elsewhere is found.
        await project.TextAsync("kill", "shop");
        await project.TextAsync("up", "-d");
        await Eventually.HoldsAsync(() => IsOpenAsync(http));
        await project.TextAsync("down", "-v", "-t", "60");
        Assert.Equal("", await LeftOfAsync(project));
    }

    private static async Task<bool> IsOpenAsync(HttpClient http)
    {
        try { return (await http.GetAsync("")).IsSuccessStatusCode; }
        catch (HttpRequestException) { return false; }
    }

    private static async Task<string> OrdersAsync(HttpClient http) => System.Text.RegularExpressions.Regex.Replace(await http.GetStringAsync(""), @"""visits"": \d+, ", "");

    private static Task<string> UserAsync(ComposeProject project, string service) => project.ExecAsync(service, "id", "-un");

    // Half a gigabyte, read only once for all.
    private async Task ImportBaseAsync()
    {
        if ((await Docker.RunAsync("image", "inspect", "services-base")).ExitCode != 0)
            await Docker.TextAsync("import", TestTools.ServicesRoot, "services-base");
    }
}
