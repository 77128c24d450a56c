using System.Runtime.InteropServices;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>What sendmsg(2) takes to hand over one descriptor.</summary>
internal static unsafe class DescriptorMessage
{
    /// <summary>One byte and, as SCM_RIGHTS, the descriptor: its slot is the very place in the control message where the descriptor belongs.</summary>
    public static void* Make(SyscallProgram program, string name, out Slot descriptor)
    {
        var data = program.Arena.Place((byte)'t');
        var vector = (nint*)program.Arena.Allocate(16);
        (vector[0], vector[1]) = ((nint)data, 1);
        var control = (byte*)program.Arena.Allocate(24);
        *(nuint*)control = 20;
        ((int*)control)[2] = 1; // SOL_SOCKET
        ((int*)control)[3] = 1; // SCM_RIGHTS
        var header = program.Arena.Place(new MessageHeader { Vectors = (nint)vector, VectorCount = 1, Control = (nint)control, ControlLength = 24 });
        descriptor = new Slot((long*)(control + 16), name);
        return header;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public nint Name;
        public int NameLength;
        public nint Vectors;
        public nuint VectorCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
    }
}
