using System.CommandLine;
using Yun.Daemon;

var root = new RootCommand("Containers, virtual machines and microservices on your own machines") { DaemonCommand.Create() };
return await root.Parse(args).InvokeAsync();
