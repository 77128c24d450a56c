namespace Yun.Node.Containers.Spec;

/// <summary>The environment of a container's process.</summary>
public static class Variables
{
    /// <summary>Docker's defaults with what was asked: a later one wins, and one without <c>=</c> takes a default away.</summary>
    /// <param name="links">What legacy links tell of other containers; what was asked goes before them.</param>
    public static List<string> Of(string hostname, bool hasTerminal, IReadOnlyList<string> links, IReadOnlyList<string> asked, string home)
    {
        List<string> variables = ["PATH=" + ContainerDefaults.SearchPath, "HOSTNAME=" + hostname];
        if (hasTerminal) variables.Add("TERM=xterm");
        variables.AddRange(links);
        foreach (var variable in asked)
        {
            var at = variable.IndexOf('=', StringComparison.Ordinal);
            var name = at < 0 ? variable : variable[..at];
            var place = variables.FindIndex(v => v.Length > name.Length && v[name.Length] == '=' && v.StartsWith(name, StringComparison.Ordinal));
            if (at < 0 && place >= 0) variables.RemoveAt(place);
            else if (at >= 0 && place >= 0) variables[place] = variable;
            else if (at >= 0) variables.Add(variable);
        }
        if (!variables.Exists(v => v.StartsWith("HOME=", StringComparison.Ordinal))) variables.Add("HOME=" + home);
        return variables;
    }
}
