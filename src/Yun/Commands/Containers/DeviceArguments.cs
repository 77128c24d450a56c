using Yun.Commands.Format;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary>Options that name devices.</summary>
public static class DeviceArguments
{
    private const int Failed = 125;

    /// <summary><c>--device /dev/a[:/dev/b][:rwm]</c>, or a name in the Container Device Interface, such as <c>vendor.com/gpu=0</c>.</summary>
    public static (List<DeviceMapping> Mappings, List<DeviceRequest> Requests) Parse(IEnumerable<string> texts)
    {
        List<DeviceMapping> mappings = [];
        List<string> names = [];
        foreach (var text in texts)
        {
            if (!text.StartsWith('/') && text.Contains('/', StringComparison.Ordinal) && text.Contains('=', StringComparison.Ordinal)) names.Add(text);
            else mappings.Add(ParseMapping(text));
        }
        return (mappings, names.Count == 0 ? [] : [new DeviceRequest { Driver = "cdi", DeviceIDs = names }]);
    }

    private static DeviceMapping ParseMapping(string text)
    {
        var parts = text.Split(':');
        var (host, container, permissions) = parts switch
        {
            [var only] => (only, only, "rwm"),
            [var source, var second] when IsMode(second) => (source, source, second),
            [var source, var second] => (source, second, "rwm"),
            [var source, var target, var mode] when IsMode(mode) => (source, target, mode),
            [_, _, var mode] => throw new FailureException($"invalid device mode: {mode}", Failed),
            _ => throw new FailureException($"invalid device specification: {text}", Failed),
        };
        if (!host.StartsWith('/')) throw new FailureException($"{host} is not an absolute path", Failed);
        return new DeviceMapping { PathOnHost = host, PathInContainer = container.Length == 0 ? host : container, CgroupPermissions = permissions };
    }

    private static bool IsMode(string text) => text.Length is > 0 and <= 3 && text.All("rwm".Contains) && text.Distinct().Count() == text.Length;

    public static BlkioWeightDevice ParseWeight(string text)
    {
        var (path, value) = Split(text);
        return ushort.TryParse(value, out var weight) && weight is 0 or (>= 10 and <= 1000) ? new BlkioWeightDevice { Path = path, Weight = weight }
            : throw new FormatException($"invalid weight for device: {text}");
    }

    public static BlkioRateDevice ParseByteRate(string text)
    {
        var (path, value) = Split(text);
        try
        {
            return new BlkioRateDevice { Path = path, Rate = (ulong)HumanSize.ParseBinary(value) };
        }
        catch (FormatException)
        {
            throw new FormatException($"invalid rate for device: {text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb");
        }
    }

    public static BlkioRateDevice ParseRate(string text)
    {
        var (path, value) = Split(text);
        return ulong.TryParse(value, out var rate) ? new BlkioRateDevice { Path = path, Rate = rate }
            : throw new FormatException($"invalid rate for device: {text}. The correct format is <device-path>:<number>. Number must be a positive integer");
    }

    /// <summary><c>all</c>, a number, or <c>device=0,capabilities=utility</c>.</summary>
    public static DeviceRequest ParseGpus(string text)
    {
        var request = new DeviceRequest { Capabilities = [["gpu"]], Options = [] };
        foreach (var field in text.Split(','))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = equals < 0 ? ("count", field) : (field[..equals], field[(equals + 1)..]);
            switch (key)
            {
                case "count": request.Count = value == "all" ? -1 : int.TryParse(value, out var count) ? count : throw new FormatException($"invalid count ({value}): value must be either \"all\" or an integer"); break;
                case "device": (request.DeviceIDs ??= []).Add(value); break;
                case "driver": request.Driver = value; break;
                case "capabilities": request.Capabilities[0].Add(value); break;
                case "options": request.Options[value] = ""; break;
                default: throw new FormatException($"unexpected key '{key}' in '{field}'");
            }
        }
        if (request.Count == 0 && request.DeviceIDs is null) request.Count = 1;
        return request;
    }

    private static (string Path, string Value) Split(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) throw new FormatException($"bad format: {text}");
        return text.StartsWith("/dev/", StringComparison.Ordinal) ? (text[..colon], text[(colon + 1)..]) : throw new FormatException($"bad format for device path: {text}");
    }
}
