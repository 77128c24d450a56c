using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>libvirt.so.0, which is opened when its first function is called. Its names are its own; pointers that are handles are <see cref="nint"/>.</summary>
internal static unsafe partial class Libvirt
{
    private const string Library = "libvirt.so.0";

    // virterror.h
    public const int NoDomain = 42, OperationInvalid = 55, NoSupport = 3, ConfigUnsupported = 67, InvalidArgument = 8, XmlError = 27, XmlDetail = 35, OperationUnsupported = 84;
    // libvirt-domain.h
    public const int Running = 1, Blocked = 2, Paused = 3, ShuttingDown = 4, ShutOff = 5, Crashed = 6, Suspended = 7;
    public const uint StartForceBoot = 16, DefineValidate = 1, UndefineManagedSave = 1, UndefineNvram = 4;
    public const int MetadataElement = 2, LifecycleEvents = 0;

    /// <summary>struct virDomainInfo; memory in KiB.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct DomainInfo
    {
        public byte State;
        public nuint MemoryMax, Memory;
        public ushort Processors;
        public ulong CpuTime;
    }

    /// <summary>Before the first connection: events come by a loop of ours, and errors are not written to standard error.</summary>
    public static void Initialize()
    {
        virSetErrorFunc(0, &Ignore);
        if (virEventRegisterDefaultImpl() < 0) return;
        new Thread(() => { while (virEventRunDefaultImpl() == 0) { } }) { IsBackground = true, Name = "libvirt" }.Start();
    }

    /// <summary>A text that libvirt has allocated; freed here.</summary>
    public static string Take(byte* text)
    {
        var taken = Marshal.PtrToStringUTF8((nint)text) ?? "";
        NativeMemory.Free(text);
        return taken;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(nint data, nint error) { }

    [LibraryImport(Library)] private static partial void virSetErrorFunc(nint data, delegate* unmanaged[Cdecl]<nint, nint, void> handler);
    [LibraryImport(Library)] private static partial int virEventRegisterDefaultImpl();
    [LibraryImport(Library)] private static partial int virEventRunDefaultImpl();
    [LibraryImport(Library)] public static partial int virGetLastErrorCode();
    [LibraryImport(Library)] public static partial byte* virGetLastErrorMessage();
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial nint virConnectOpen(string uri);
    [LibraryImport(Library)] public static partial int virConnectIsAlive(nint connection);
    [LibraryImport(Library)] public static partial int virConnectClose(nint connection);
    [LibraryImport(Library)] public static partial byte* virConnectGetType(nint connection);
    [LibraryImport(Library)] public static partial byte* virConnectGetCapabilities(nint connection);
    [LibraryImport(Library)] public static partial int virConnectListAllDomains(nint connection, nint** domains, uint flags);
    [LibraryImport(Library)] public static partial int virConnectDomainEventRegisterAny(nint connection, nint domain, int kind, delegate* unmanaged[Cdecl]<nint, nint, int, int, nint, int> happened, nint data, nint free);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial nint virDomainLookupByName(nint connection, string name);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial nint virDomainLookupByUUIDString(nint connection, string uuid);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial nint virDomainDefineXMLFlags(nint connection, string xml, uint flags);
    [LibraryImport(Library)] public static partial int virDomainFree(nint domain);
    [LibraryImport(Library)] public static partial byte* virDomainGetName(nint domain);
    [LibraryImport(Library)] public static partial int virDomainGetUUID(nint domain, byte* uuid);
    [LibraryImport(Library)] public static partial int virDomainGetState(nint domain, int* state, int* reason, uint flags);
    [LibraryImport(Library)] public static partial int virDomainGetInfo(nint domain, DomainInfo* info);
    [LibraryImport(Library)] public static partial int virDomainHasManagedSaveImage(nint domain, uint flags);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial byte* virDomainGetMetadata(nint domain, int kind, string uri, uint flags);
    [LibraryImport(Library)] public static partial int virDomainCreateWithFlags(nint domain, uint flags);
    [LibraryImport(Library)] public static partial int virDomainShutdown(nint domain);
    [LibraryImport(Library)] public static partial int virDomainDestroy(nint domain);
    [LibraryImport(Library)] public static partial int virDomainSuspend(nint domain);
    [LibraryImport(Library)] public static partial int virDomainResume(nint domain);
    [LibraryImport(Library)] public static partial int virDomainManagedSave(nint domain, uint flags);
    [LibraryImport(Library)] public static partial int virDomainUndefineFlags(nint domain, uint flags);
}
