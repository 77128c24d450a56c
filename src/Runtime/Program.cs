Console.Error.WriteLine("yun-runtime"); return 1;
