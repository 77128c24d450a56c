using System.Xml.Linq;

namespace Yun.Tests;

public sealed class SolutionTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Linux"] = [],
        ["Oci"] = [],
        ["Protocol"] = [],
        ["Store"] = ["Protocol"],
        ["Runtime"] = ["Linux", "Oci", "Protocol"],
        // The guest starts its processes as the runtime does, by the runtime's own code.
        ["Guest"] = ["Runtime", "Archives", "Linux", "Oci", "Protocol"],
        ["Archives"] = ["Linux", "Protocol"],
        ["Images"] = ["Archives", "Linux", "Oci", "Protocol", "Store"],
        ["Node"] = ["Images", "Archives", "Store", "Protocol", "Linux", "Oci"],
        ["Yun"] = ["Node", "Images", "Archives", "Store", "Protocol", "Linux", "Oci"],
    };

    public static TheoryData<string> Projects() => [.. Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)];

    [Theory, MemberData(nameof(Projects))]
    public void A_project_refers_only_to_those_below_it(string path)
    {
        var refers = XDocument.Load(path).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Subset(s_allowed[Path.GetFileNameWithoutExtension(path)].ToHashSet(), refers.ToHashSet());
    }
}
