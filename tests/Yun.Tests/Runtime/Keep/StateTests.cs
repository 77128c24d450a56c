using System.Collections;
using System.Reflection;
using Microsoft.Win32.SafeHandles;
using Yun.Protocol;
using Yun.Runtime.Keep;
using Yun.Runtime.Keep.Logs;

namespace Yun.Tests.Runtime.Keep;

/// <summary>What a keeper leaves to its next version: every property there is, also those that are added later.</summary>
public sealed class StateTests
{
    // Only a start asks for these; a container or a process that runs has them behind it.
    private static readonly string[] s_ofStartsAlone = [nameof(KeeperStart.MountDestinations), nameof(KeeperStart.NetworkNamespace), nameof(KeeperStart.UserNamespace)];

    private int _number;

    [Fact]
    public void All_that_is_written_is_read_by_the_next()
    {
        var state = (KeepState)Filled(typeof(KeepState));
        var read = StateReader.Read(StateWriter.Write(state));
        try { Assert.Equal(Described(state), Described(read)); }
        finally { read.Descriptors().ForEach(descriptor => descriptor.Dispose()); }
    }

    // Each value is another one than all before, so that none can stand in another's place; but for what both a process and its end tell.
    private object Filled(Type type, string name = "")
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var number = name == nameof(KeeperExit.Pid) ? 1 : ++_number;
        if (type == typeof(string)) return name is nameof(KeeperExit.ProcessId) or nameof(KeeperExit.ContainerId) ? name : $"{name}{number}";
        if (type == typeof(bool)) return true;
        if (type == typeof(int)) return number;
        if (type == typeof(long)) return (long)number;
        if (type == typeof(DateTime)) return DateTime.UnixEpoch.AddTicks(number);
        if (type == typeof(byte[])) return new byte[] { (byte)number, 0, 255 };
        // A terminal's output is the terminal itself, and has no descriptor of its own.
        if (type == typeof(OutputKind)) return OutputKind.Stderr;
        if (type == typeof(SafeFileHandle))
        {
            // Who reads the state owns what it names.
            using var opened = File.OpenHandle("/dev/null");
            var descriptor = new SafeFileHandle(opened.DangerousGetHandle(), ownsHandle: false);
            opened.SetHandleAsInvalid();
            return descriptor;
        }
        var made = type.GetConstructor(Type.EmptyTypes) is { } plain ? plain.Invoke(null)
            : type.GetConstructors()[0] is var constructor ? constructor.Invoke([.. constructor.GetParameters().Select(parameter => Filled(parameter.ParameterType, parameter.Name!))]) : null!;
        if (made is IDictionary map) map.Add(Filled(type.GetGenericArguments()[0], name), Filled(type.GetGenericArguments()[1], name));
        else if (made is IList list) list.Add(Filled(type.GetGenericArguments()[0], name));
        else
            foreach (var property in Properties(type))
                if (property.SetMethod is not null) property.SetValue(made, Filled(property.PropertyType, property.Name));
                else if (property.GetValue(made) is IList held) held.Add(Filled(property.PropertyType.GetGenericArguments()[0], property.Name));
                else if (property.GetValue(made) is IDictionary named) named.Add($"key{++_number}", Filled(property.PropertyType.GetGenericArguments()[1], property.Name));
        return made;
    }

    private static List<string> Described(object? value, string path = "") => value switch
    {
        null => [$"{path} is not there"],
        SafeFileHandle descriptor => [$"{path} = descriptor {descriptor.DangerousGetHandle()}"],
        byte[] bytes => [$"{path} = {Convert.ToHexString(bytes)}"],
        DateTime time => [$"{path} = {time.Ticks}"],
        string or bool or int or long or Enum => [$"{path} = {value}"],
        IDictionary map => [.. map.Keys.Cast<object>().SelectMany(key => Described(map[key], $"{path}[{key}]"))],
        IList list => [.. list.Cast<object>().SelectMany((item, index) => Described(item, $"{path}[{index}]"))],
        _ => [.. Properties(value.GetType()).SelectMany(property => Described(property.GetValue(value), $"{path}.{property.Name}"))],
    };

    private static IEnumerable<PropertyInfo> Properties(Type type) => type.GetProperties().Where(property => property.GetIndexParameters().Length == 0 && !(type == typeof(KeeperStart) && s_ofStartsAlone.Contains(property.Name)));
}
