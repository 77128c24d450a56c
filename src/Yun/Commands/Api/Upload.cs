namespace Yun.Commands.Api;

/// <summary>
/// A body on its way to the daemon, sent from a thread of its own: the daemon may answer while it reads (load's progress), and if we did not
/// listen meanwhile, each side would wait for the other.
/// </summary>
internal sealed class Upload
{
    public Upload(ApiConnection connection, Action<Stream> write)
    {
        new Thread(() => Send(connection, write)) { IsBackground = true, Name = "upload" }.Start();
    }

    /// <summary>Why our own source could not be read; the connection is then closed without an end, so that the daemon drops what it has.</summary>
    public Exception? Failure { get; private set; }

    private void Send(ApiConnection connection, Action<Stream> write)
    {
        try
        {
            var body = new ChunkedStream(connection);
            write(body);
            body.Finish();
        }
        catch (ConnectException)
        {
            // The daemon has heard enough; why, its answer says.
        }
        catch (Exception error)
        {
            Failure = error;
            connection.Dispose();
        }
    }
}
