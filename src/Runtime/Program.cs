using Yun.Runtime.Commands;

return RuntimeCommand.Run(args);
