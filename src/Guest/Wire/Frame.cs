namespace Yun.Guest.Wire;

// What the two ends of a virtual machine's wire say to each other, over one virtio-serial port:
//
//   monitor                                   guest
//     | <--------------------------- hello --  |   its first process runs
//     |      (a machine that goes on from a template begins here: it has said hello where the template was made)
//     | -- file* , boot --------------------> |   how the machine is to be; then its first process is to start
//     | <---------------------------- alive --  |   at once, and every two seconds from then on
//     | <-------------------- out of memory --  |   so many programs were ended since it was said last
//     | <---------------- started or failed -- |   session 0
//     | -- exec, files {session} -----------> |   any number at once, with numbers of the monitor's choice
//     | <---------------- started or failed -- |
//     | <-> input, output, errors, credit <-> |   an empty content is the stream's end
//     | -- signal, resize ------------------> |
//     | <------------------ exited {session} - |   after all output of the session
//     | <-- question, answer ---------------> |   DNS messages; the session is the question's number
//     | -- down ---------------------------> |   to a machine without a first process (an empty specification): there is no more to do
//     | <---------------------------- down --  |   after session 0: all is on the disks
//
// A frame is 12 bytes (kind, three of nothing, session, length of the content; little endian) and the content.

internal enum FrameKind : byte
{
    File = 1,
    Boot = 2,
    Exec = 3,
    Input = 4,
    Resize = 5,
    Signal = 6,
    Answer = 7,
    Files = 8,
    Hello = 16,
    Started = 17,
    Failed = 18,
    Output = 19,
    Errors = 20,
    Exited = 21,
    Question = 22,
    Down = 23,
    Credit = 24,
    Alive = 25,
    OutOfMemory = 26,
}

/// <param name="Session">The process that it is about; 0 is the machine's first.</param>
internal readonly record struct Frame(FrameKind Kind, uint Session, byte[] Content)
{
    public const int HeaderBytes = 12;

    /// <summary>The longest is an exec's specification.</summary>
    public const int ContentMax = 4 << 20;

    /// <summary>How much of one stream may be on its way: a reader that takes nothing holds up its own stream and no other.</summary>
    public const int WindowBytes = 256 << 10;
}
