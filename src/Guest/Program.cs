using Yun.Guest.Init;
using Yun.Guest.Vmm;
using Yun.Guest.Wire;

return args switch
{
    // The kernel starts /init as the first process and gives it what it does not understand of its own command line.
    _ when Environment.ProcessId == 1 && Environment.ProcessPath == "/init" => GuestInit.Run(),
    ["monitor"] => MonitorCommand.Run(),
    ["template"] => TemplateCommand.Run(),
    ["rest"] => RestCommand.Run(),
    ["exec"] => ExecCommand.Run(FrameKind.Exec, "YUN_EXEC"),
    ["files"] => ExecCommand.Run(FrameKind.Files, ExecCommand.FilesVariable),
    ["files", .. var words] => GuestFiles.Run(words),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("yun-guest: both ends of the wire between a virtual machine and the machine it runs on; the daemon starts it");
    return 2;
}
