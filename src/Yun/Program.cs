using Yun;
using Yun.Commands;

// The daemon brings a web server; a client must not even load it, so the two part here.
return ProgramName.Text == ProgramName.Dockerd || args is ["daemon", ..] or ["registry", ..] ? await DaemonProgram.RunAsync(args) : YunProgram.Run(args);
