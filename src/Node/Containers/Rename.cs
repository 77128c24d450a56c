using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    public async Task RenameAsync(string newName, CancellationToken cancel = default)
    {
        if (newName.Length == 0) throw new EngineException(ErrorKind.InvalidArgument, "Neither old nor new names may be empty");
        var name = Validation.Name(newName);
        string old;
        using (await TakeTurnAsync(cancel))
        {
            old = Name;
            if (name == old) throw new EngineException(ErrorKind.InvalidArgument, "Renaming a container with the same name as its current name");
            try { Engine.Containers.RequireName(name, Id); }
            catch (EngineException taken) { throw new EngineException(taken.Kind, $"Error when allocating new name: {taken.Message}", taken); }
            await using var undo = new Undo();
            undo.Push(() => Engine.Containers.GiveBackName(name, Id));
            await Engine.Networks.RenameAsync(Id, name, cancel);
            await SaveAsync(_record with { Name = name });
            undo.Keep();
            Engine.Containers.GiveBackName(old, Id);
        }
        Publish("rename", ("oldName", "/" + old));
    }
}
