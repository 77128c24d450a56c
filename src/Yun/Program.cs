using Yun;
using Yun.Commands;

// The daemon brings a web server; a client must not even load it, so the two part here.
return args is ["daemon", ..] or ["registry", ..] ? await DaemonProgram.RunAsync(args) : YunProgram.Run(args);
