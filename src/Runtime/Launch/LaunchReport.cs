using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>What a child with its own memory told over the report pipe, in records of an index and a result.</summary>
internal sealed class LaunchReport
{
    /// <summary>The result of a record whose index is the pid of the process that was made.</summary>
    public const long ProcessRecord = 1;

    /// <summary>The result of a record that says the child is ready and waits for start.</summary>
    public const long ReadyRecord = 2;

    /// <summary>The result of a record whose index is the <see cref="LaunchStage"/> at which the child waits for us.</summary>
    public const long StageRecord = 3;

    public int? Pid { get; private set; }
    public bool IsReady { get; private set; }
    public (int Index, long Result)? Failure { get; private set; }

    /// <summary>Reads until the pipe's last writer is gone, which is when the container's program has begun or all is over, or until the child is ready.</summary>
    /// <param name="cloned">Called with the pid when a first child has made the process.</param>
    /// <param name="reached">Called when the child waits at a stage.</param>
    /// <param name="waiting">Called before each wait for the child; returns when the pipe can be read.</param>
    public static LaunchReport Read(SafeFileHandle pipe, Action<int>? cloned = null, Action<LaunchStage>? reached = null, Action? waiting = null)
    {
        var report = new LaunchReport();
        Span<long> record = stackalloc long[2];
        var bytes = MemoryMarshal.AsBytes(record);
        // Records of 16 bytes are written whole: they are shorter than PIPE_BUF.
        for (waiting?.Invoke(); Pipe.ReadSome(pipe, bytes) == Report.Size; waiting?.Invoke())
        {
            switch (record[1])
            {
                case ProcessRecord:
                    report.Pid ??= (int)record[0];
                    cloned?.Invoke(report.Pid.Value);
                    break;
                case ReadyRecord: report.IsReady = true; return report;
                case StageRecord: reached?.Invoke((LaunchStage)record[0]); break;
                default: report.Failure = ((int)record[0], record[1]); break;
            }
        }
        return report;
    }
}
