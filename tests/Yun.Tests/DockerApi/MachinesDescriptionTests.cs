using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Yun.DockerApi;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Machines;

namespace Yun.Tests.DockerApi;

public sealed class MachinesDescriptionTests
{
    private static readonly JsonElement s_description = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "machines.openapi.json"))).RootElement;

    [Fact]
    public async Task The_description_has_the_routes_that_there_are_and_no_others()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<Engine>(_ => null!);
        await using var web = builder.Build();
        web.MapMachines();
        var routes = ((IEndpointRouteBuilder)web).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => $"{endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} {endpoint.RoutePattern.RawText!.Replace(":int", "", StringComparison.Ordinal)}");
        var described = s_description.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(typeof(MachineConfig)), InlineData(typeof(MachineDiskRequest)), InlineData(typeof(CloudInitConfig)), InlineData(typeof(MachineCreateResponse)), InlineData(typeof(MachineSummary)), InlineData(typeof(MachineInspect))]
    [InlineData(typeof(MachineStateInfo)), InlineData(typeof(MachineDiskInfo)), InlineData(typeof(MachineSnapshot)), InlineData(typeof(MachineNetworkSettings)), InlineData(typeof(DiskInfo)), InlineData(typeof(GuestCommand)), InlineData(typeof(GuestExit)), InlineData(typeof(GuestInfo)), InlineData(typeof(MachineKernelInfo))]
    public void The_description_has_the_properties_that_a_body_has(Type body)
    {
        var described = s_description.GetProperty("components").GetProperty("schemas").GetProperty(body.Name).GetProperty("properties").EnumerateObject().Select(property => property.Name);
        Assert.Equal(DockerApiJson.Default.GetTypeInfo(body)!.Properties.Select(property => property.Name), described);
    }
}
