<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en">
<context>
    <name>AboutPanel</name>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Parts of this installation</source>
        <translation>Teile dieser Installation</translation>
    </message>
    <message>
        <source>%1 is here: %2</source>
        <translation>%1 ist da: %2</translation>
    </message>
    <message>
        <source>%1 is missing: %2</source>
        <translation>%1 fehlt: %2</translation>
    </message>
</context>
<context>
    <name>AccountPage</name>
    <message>
        <source>Account and plan</source>
        <translation>Konto und Abo</translation>
    </message>
    <message>
        <source>This address is not confirmed yet.</source>
        <translation>Diese Adresse ist noch nicht bestätigt.</translation>
    </message>
    <message>
        <source>Profiles</source>
        <translation>Profile</translation>
    </message>
    <message>
        <source>Change password</source>
        <translation>Passwort ändern</translation>
    </message>
    <message>
        <source>Confirm address</source>
        <translation>Adresse bestätigen</translation>
    </message>
    <message>
        <source>Cancel plan</source>
        <translation>Abo kündigen</translation>
    </message>
    <message>
        <source>Sign out everywhere</source>
        <translation>Überall abmelden</translation>
    </message>
    <message>
        <source>Plans</source>
        <translation>Abos</translation>
    </message>
    <message>
        <source>Payments</source>
        <translation>Zahlungen</translation>
    </message>
    <message>
        <source>Your account could not be loaded</source>
        <translation>Ihr Konto konnte nicht geladen werden</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>Einen Moment…</translation>
    </message>
    <message>
        <source>Order %1</source>
        <translation>%1 bestellen</translation>
    </message>
    <message>
        <source>The card is charged once a month until you cancel.</source>
        <translation>Die Karte wird einmal im Monat belastet, bis Sie kündigen.</translation>
    </message>
    <message>
        <source>Card number</source>
        <translation>Kartennummer</translation>
    </message>
    <message>
        <source>Order and pay</source>
        <translation>Zahlungspflichtig bestellen</translation>
    </message>
    <message>
        <source>Confirm your email address</source>
        <translation>E-Mail-Adresse bestätigen</translation>
    </message>
    <message>
        <source>Enter the code that we sent to %1.</source>
        <translation>Geben Sie den Code ein, den wir an %1 geschickt haben.</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>Code</translation>
    </message>
    <message>
        <source>Confirm</source>
        <translation>Bestätigen</translation>
    </message>
    <message>
        <source>Send a new code</source>
        <translation>Neuen Code senden</translation>
    </message>
    <message>
        <source>Every other device is signed out.</source>
        <translation>Jedes andere Gerät wird abgemeldet.</translation>
    </message>
    <message>
        <source>Current password</source>
        <translation>Aktuelles Passwort</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>Neues Passwort</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Ändern</translation>
    </message>
</context>
<context>
    <name>BrowsePage</name>
    <message>
        <source>A to Z</source>
        <translation>A bis Z</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>Neueste zuerst</translation>
    </message>
    <message>
        <source>Order: %1</source>
        <translation>Reihenfolge: %1</translation>
    </message>
    <message>
        <source>Genre</source>
        <translation>Genre</translation>
    </message>
    <message>
        <source>The catalogue could not be loaded</source>
        <translation>Der Katalog konnte nicht geladen werden</translation>
    </message>
    <message>
        <source>Nothing watched yet</source>
        <translation>Noch nichts angesehen</translation>
    </message>
    <message>
        <source>Nothing here yet</source>
        <translation>Hier ist noch nichts</translation>
    </message>
    <message>
        <source>What you watch appears here.</source>
        <translation>Was Sie ansehen, erscheint hier.</translation>
    </message>
    <message>
        <source>Titles appear here as soon as they are published.</source>
        <translation>Titel erscheinen hier, sobald sie veröffentlicht sind.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
</context>
<context>
    <name>ChannelsPage</name>
    <message>
        <source>This programme may not be recorded</source>
        <translation>Diese Sendung darf nicht aufgenommen werden</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>Kanäle</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>Aufnahmen</translation>
    </message>
    <message>
        <source>Begins later</source>
        <translation>Beginnt später</translation>
    </message>
    <message>
        <source>Nothing is on</source>
        <translation>Gerade läuft nichts</translation>
    </message>
    <message>
        <source>The channels could not be loaded</source>
        <translation>Die Kanäle konnten nicht geladen werden</translation>
    </message>
    <message>
        <source>Channels appear here as soon as the service has some.</source>
        <translation>Kanäle erscheinen hier, sobald der Dienst welche hat.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
</context>
<context>
    <name>CodePanel</name>
    <message>
        <source>The address as a QR code</source>
        <translation>Die Adresse als QR-Code</translation>
    </message>
    <message>
        <source>Point your phone at the picture, or open this address:</source>
        <translation>Richten Sie Ihr Telefon auf das Bild, oder öffnen Sie diese Adresse:</translation>
    </message>
    <message>
        <source>and enter this code:</source>
        <translation>und geben Sie diesen Code ein:</translation>
    </message>
    <message>
        <source>Code %1</source>
        <translation>Code %1</translation>
    </message>
    <message>
        <source>Matinee keeps trying by itself.</source>
        <translation>Matinee versucht es von selbst weiter.</translation>
    </message>
    <message>
        <source>This page goes on by itself.</source>
        <translation>Diese Seite geht von selbst weiter.</translation>
    </message>
</context>
<context>
    <name>ConfirmDialog</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>DataUsePanel</name>
    <message>
        <source>Today</source>
        <translation>Heute</translation>
    </message>
    <message>
        <source>This month</source>
        <translation>Dieser Monat</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Network now</source>
        <translation>Netz jetzt</translation>
    </message>
    <message>
        <source>The last thirty days</source>
        <translation>Die letzten dreißig Tage</translation>
    </message>
</context>
<context>
    <name>DetailsPage</name>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Sound</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>Genre</source>
        <translation>Genre</translation>
    </message>
    <message>
        <source>Cast</source>
        <translation>Besetzung</translation>
    </message>
    <message>
        <source>Directed by</source>
        <translation>Regie</translation>
    </message>
    <message>
        <source>Written by</source>
        <translation>Drehbuch</translation>
    </message>
    <message>
        <source>Subtitles</source>
        <translation>Untertitel</translation>
    </message>
    <message>
        <source>Rating</source>
        <translation>Freigabe</translation>
    </message>
    <message>
        <source>Added</source>
        <translation>Hinzugefügt</translation>
    </message>
    <message>
        <source>You were at %1 on another device</source>
        <translation>Auf einem anderen Gerät bis %1 angesehen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>From %1</source>
        <translation>Ab %1</translation>
    </message>
    <message>
        <source>From %1, where you were on another device</source>
        <translation>Ab %1, bis wohin auf einem anderen Gerät angesehen</translation>
    </message>
    <message>
        <source>From the start</source>
        <translation>Von vorn</translation>
    </message>
    <message>
        <source>Trailer</source>
        <translation>Trailer</translation>
    </message>
    <message>
        <source>Trailer of %1</source>
        <translation>Trailer zu %1</translation>
    </message>
    <message>
        <source>All episodes</source>
        <translation>Alle Folgen</translation>
    </message>
    <message>
        <source>My list</source>
        <translation>Meine Liste</translation>
    </message>
    <message>
        <source>Remove from my list</source>
        <translation>Von meiner Liste</translation>
    </message>
    <message>
        <source>Add to my list</source>
        <translation>Auf meine Liste</translation>
    </message>
    <message>
        <source>I like this</source>
        <translation>Gefällt mir</translation>
    </message>
    <message>
        <source>Not for me</source>
        <translation>Nichts für mich</translation>
    </message>
    <message>
        <source>Mark as not watched</source>
        <translation>Als nicht gesehen markieren</translation>
    </message>
    <message>
        <source>Mark as watched</source>
        <translation>Als gesehen markieren</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>More: %1</source>
        <translation>Mehr: %1</translation>
    </message>
    <message>
        <source>More with %1</source>
        <translation>Mehr mit %1</translation>
    </message>
    <message>
        <source>Season</source>
        <translation>Staffel</translation>
    </message>
</context>
<context>
    <name>DevicesPanel</name>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Devices of your account</source>
        <translation>Geräte Ihres Kontos</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>Entfernen…</translation>
    </message>
</context>
<context>
    <name>DownloadsPage</name>
    <message>
        <source>Downloads</source>
        <translation>Downloads</translation>
    </message>
    <message>
        <source>Nothing downloaded yet</source>
        <translation>Noch nichts heruntergeladen</translation>
    </message>
    <message>
        <source>Download a title on its page to watch it without a network.</source>
        <translation>Auf der Seite eines Titels können Sie ihn herunterladen, um ihn ohne Netz anzusehen.</translation>
    </message>
</context>
<context>
    <name>EditProfilePanel</name>
    <message>
        <source>New profile</source>
        <translation>Neues Profil</translation>
    </message>
    <message>
        <source>Edit profile</source>
        <translation>Profil bearbeiten</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Picture %1</source>
        <translation>Bild %1</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>PIN</source>
        <translation>PIN</translation>
    </message>
    <message>
        <source>Four to eight digits.</source>
        <translation>Vier bis acht Ziffern.</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Delete this profile?</source>
        <translation>Dieses Profil löschen?</translation>
    </message>
    <message>
        <source>Its list and its history go with it.</source>
        <translation>Seine Liste und sein Verlauf verschwinden mit ihm.</translation>
    </message>
</context>
<context>
    <name>EpisodesPanel</name>
    <message>
        <source>Episodes</source>
        <translation>Folgen</translation>
    </message>
    <message>
        <source>%1, choose another</source>
        <translation>%1, eine andere wählen</translation>
    </message>
    <message>
        <source>More about %1</source>
        <translation>Mehr zu %1</translation>
    </message>
</context>
<context>
    <name>FeaturedBanner</name>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Details</translation>
    </message>
    <message>
        <source>Details of %1</source>
        <translation>Details zu %1</translation>
    </message>
</context>
<context>
    <name>FormDialog</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>Graph</name>
    <message>
        <source>up to %1</source>
        <translation>bis %1</translation>
    </message>
</context>
<context>
    <name>HomeBar</name>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>Browse</source>
        <translation>Stöbern</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>My list</source>
        <translation>Meine Liste</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>Downloads</translation>
    </message>
    <message>
        <source>Open stream</source>
        <translation>Stream öffnen</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Account and plan</source>
        <translation>Konto und Abo</translation>
    </message>
    <message>
        <source>Sign out %1</source>
        <translation>%1 abmelden</translation>
    </message>
    <message>
        <source>Switch profile, now %1</source>
        <translation>Profil wechseln, jetzt %1</translation>
    </message>
    <message>
        <source>Your account, %1</source>
        <translation>Ihr Konto, %1</translation>
    </message>
</context>
<context>
    <name>HomeHeader</name>
    <message>
        <source>On this machine</source>
        <translation>Auf diesem Gerät</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>Auf diesem Computer</translation>
    </message>
</context>
<context>
    <name>HomePage</name>
    <message>
        <source>All titles</source>
        <translation>Alle Titel</translation>
    </message>
    <message>
        <source>Loading the catalogue</source>
        <translation>Der Katalog wird geladen</translation>
    </message>
    <message>
        <source>You are offline</source>
        <translation>Sie sind offline</translation>
    </message>
    <message>
        <source>Nothing here yet</source>
        <translation>Hier ist noch nichts</translation>
    </message>
    <message>
        <source>The catalogue could not be loaded</source>
        <translation>Der Katalog konnte nicht geladen werden</translation>
    </message>
    <message>
        <source>Titles appear here as soon as they are published.</source>
        <translation>Titel erscheinen hier, sobald sie veröffentlicht sind.</translation>
    </message>
    <message>
        <source>Matinee keeps trying by itself. These titles can be watched now.</source>
        <translation>Matinee versucht es von selbst weiter. Diese Titel können Sie jetzt ansehen.</translation>
    </message>
    <message>
        <source>Matinee keeps trying by itself.</source>
        <translation>Matinee versucht es von selbst weiter.</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>Auf diesem Gerät</translation>
    </message>
</context>
<context>
    <name>KeyboardPanel</name>
    <message>
        <source>Typed: %1 characters</source>
        <translation>Eingegeben: %1 Zeichen</translation>
    </message>
    <message>
        <source>Typed: %1</source>
        <translation>Eingegeben: %1</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>KeysOverlay</name>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>The settings change them.</source>
        <translation>Ändern: in den Einstellungen.</translation>
    </message>
</context>
<context>
    <name>KeysPanel</name>
    <message>
        <source>Default keys</source>
        <translation>Standardtasten</translation>
    </message>
    <message>
        <source>Save as a file</source>
        <translation>Als Datei speichern</translation>
    </message>
    <message>
        <source>Load the file</source>
        <translation>Datei laden</translation>
    </message>
    <message>
        <source>Enter waits for a new key. Delete takes all keys away.</source>
        <translation>Eingabe wartet auf eine neue Taste. Entf entfernt alle Tasten.</translation>
    </message>
    <message>
        <source>Keys of the player</source>
        <translation>Tasten des Players</translation>
    </message>
    <message>
        <source>This key cannot be changed.</source>
        <translation>Diese Taste kann nicht geändert werden.</translation>
    </message>
    <message>
        <source>Press a key…</source>
        <translation>Taste drücken …</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
</context>
<context>
    <name>Kiosk</name>
    <message>
        <source>Operator’s code, then Enter</source>
        <translation>Code des Betreibers, dann Eingabe</translation>
    </message>
    <message>
        <source>Back to the picture</source>
        <translation>Zurück zum Bild</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Leave the kiosk</source>
        <translation>Den Kiosk verlassen</translation>
    </message>
</context>
<context>
    <name>Main</name>
    <message>
        <source>Drop to play</source>
        <translation>Zum Abspielen loslassen</translation>
    </message>
    <message>
        <source>Delete this recording?</source>
        <translation>Diese Aufnahme löschen?</translation>
    </message>
    <message>
        <source>This cannot be undone.</source>
        <translation>Das lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Sign out?</source>
        <translation>Abmelden?</translation>
    </message>
    <message>
        <source>Downloads stay on this computer. You need your password to come back.</source>
        <translation>Downloads bleiben auf diesem Computer. Zum erneuten Anmelden brauchen Sie Ihr Passwort.</translation>
    </message>
    <message>
        <source>Sign out</source>
        <translation>Abmelden</translation>
    </message>
</context>
<context>
    <name>MyListPage</name>
    <message>
        <source>My list</source>
        <translation>Meine Liste</translation>
    </message>
    <message>
        <source>Watched lately</source>
        <translation>Zuletzt gesehen</translation>
    </message>
    <message>
        <source>Your list is empty</source>
        <translation>Ihre Liste ist leer</translation>
    </message>
    <message>
        <source>Add a title on its page.</source>
        <translation>Nehmen Sie einen Titel auf seiner Seite in die Liste auf.</translation>
    </message>
    <message>
        <source>All titles</source>
        <translation>Alle Titel</translation>
    </message>
    <message>
        <source>Your list could not be loaded</source>
        <translation>Ihre Liste konnte nicht geladen werden</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
</context>
<context>
    <name>OpenStreamDialog</name>
    <message>
        <source>Open stream</source>
        <translation>Stream öffnen</translation>
    </message>
    <message>
        <source>Address or file of an HLS playlist or DASH manifest</source>
        <translation>Adresse oder Datei einer HLS-Playlist oder eines DASH-Manifests</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>Datei öffnen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>PageTop</name>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
</context>
<context>
    <name>Passphrase</name>
    <message>
        <source>What is kept on this computer has a passphrase.</source>
        <translation>Was auf diesem Computer aufbewahrt wird, ist durch eine Passphrase geschützt.</translation>
    </message>
    <message>
        <source>Passphrase</source>
        <translation>Passphrase</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
</context>
<context>
    <name>PaymentLines</name>
    <message>
        <source>Payments</source>
        <translation>Zahlungen</translation>
    </message>
</context>
<context>
    <name>PlayerControls</name>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Back 10 seconds</source>
        <translation>10 Sekunden zurück</translation>
    </message>
    <message>
        <source>Forward 10 seconds</source>
        <translation>10 Sekunden vor</translation>
    </message>
    <message>
        <source>Start over</source>
        <translation>Von vorn</translation>
    </message>
    <message>
        <source>Start this programme over</source>
        <translation>Diese Sendung von vorn beginnen</translation>
    </message>
    <message>
        <source>Record</source>
        <translation>Aufnehmen</translation>
    </message>
    <message>
        <source>Record this programme</source>
        <translation>Diese Sendung aufnehmen</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Go to live</source>
        <translation>Zur Live-Stelle</translation>
    </message>
    <message>
        <source>Sound on</source>
        <translation>Ton an</translation>
    </message>
    <message>
        <source>Mute</source>
        <translation>Stumm</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Audio</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>Subtitles</source>
        <translation>Untertitel</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Statistics</source>
        <translation>Statistik</translation>
    </message>
    <message>
        <source>Picture in picture</source>
        <translation>Bild im Bild</translation>
    </message>
    <message>
        <source>Leave full screen</source>
        <translation>Vollbild verlassen</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Vollbild</translation>
    </message>
</context>
<context>
    <name>PlayerPage</name>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Audio</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>Subtitles</source>
        <translation>Untertitel</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Video, %1</source>
        <translation>Video, %1</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Quality %1</source>
        <translation>Qualität %1</translation>
    </message>
    <message>
        <source>Position %1</source>
        <translation>Position %1</translation>
    </message>
    <message>
        <source>Chapter: %1</source>
        <translation>Kapitel: %1</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Length %1</source>
        <translation>Länge %1</translation>
    </message>
    <message>
        <source>Go to a time</source>
        <translation>Zu einer Zeit springen</translation>
    </message>
    <message>
        <source>Find a line</source>
        <translation>Textstelle finden</translation>
    </message>
    <message>
        <source>A time such as 1:02:03.</source>
        <translation>Eine Zeit wie 1:02:03.</translation>
    </message>
    <message>
        <source>Words of the subtitles that are shown.</source>
        <translation>Text aus den gezeigten Untertiteln.</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Words</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>Springen</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Back to the whole window</source>
        <translation>Zurück zum ganzen Fenster</translation>
    </message>
    <message>
        <source>Are you still watching?</source>
        <translation>Schauen Sie noch?</translation>
    </message>
    <message>
        <source>Playback has paused because nothing was pressed for a long time.</source>
        <translation>Die Wiedergabe ist angehalten, weil lange nichts gedrückt wurde.</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Weiter</translation>
    </message>
</context>
<context>
    <name>PosterCard</name>
    <message>
        <source>Place %1</source>
        <translation>Platz %1</translation>
    </message>
</context>
<context>
    <name>ProfilesPage</name>
    <message>
        <source>Who is watching?</source>
        <translation>Wer schaut?</translation>
    </message>
    <message>
        <source>Whose profile?</source>
        <translation>Wessen Profil?</translation>
    </message>
    <message>
        <source>with a PIN</source>
        <translation>mit PIN</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Sign out</source>
        <translation>Abmelden</translation>
    </message>
    <message>
        <source>Add a profile</source>
        <translation>Profil hinzufügen</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Edit profiles</source>
        <translation>Profile bearbeiten</translation>
    </message>
    <message>
        <source>PIN to leave this profile</source>
        <translation>PIN, um dieses Profil zu verlassen</translation>
    </message>
    <message>
        <source>PIN of %1</source>
        <translation>PIN von %1</translation>
    </message>
    <message>
        <source>%1 digits</source>
        <translation>%1 Ziffern</translation>
    </message>
    <message>
        <source>Watch</source>
        <translation>Ansehen</translation>
    </message>
    <message>
        <source>The profiles could not be loaded</source>
        <translation>Die Profile konnten nicht geladen werden</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
</context>
<context>
    <name>ScreenKeys</name>
    <message>
        <source>Keyboard</source>
        <translation>Tastatur</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>Leertaste</translation>
    </message>
</context>
<context>
    <name>SearchPage</name>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>Ergebnisse</translation>
    </message>
    <message>
        <source>Worth a look</source>
        <translation>Einen Blick wert</translation>
    </message>
    <message>
        <source>Title or what it is about</source>
        <translation>Titel, oder worum es geht</translation>
    </message>
    <message>
        <source>Typed: %1</source>
        <translation>Eingegeben: %1</translation>
    </message>
    <message>
        <source>Searched lately</source>
        <translation>Zuletzt gesucht</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>Wird gesucht …</translation>
    </message>
    <message>
        <source>Nothing was found. Try fewer or other words.</source>
        <translation>Nichts gefunden. Versuchen Sie es mit weniger oder anderen Wörtern.</translation>
    </message>
    <message>
        <source>Two letters are enough to begin with.</source>
        <translation>Zwei Buchstaben genügen für den Anfang.</translation>
    </message>
</context>
<context>
    <name>SeekBar</name>
    <message>
        <source>Position</source>
        <translation>Position</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Sections</source>
        <translation>Abschnitte</translation>
    </message>
    <message>
        <source>Settings of this section</source>
        <translation>Einstellungen dieses Abschnitts</translation>
    </message>
</context>
<context>
    <name>SignInPage</name>
    <message>
        <source>Sign in</source>
        <translation>Anmelden</translation>
    </message>
    <message>
        <source>to %1</source>
        <translation>bei %1</translation>
    </message>
    <message>
        <source>Welcome to Matinee</source>
        <translation>Willkommen bei Matinee</translation>
    </message>
    <message>
        <source>Create an account</source>
        <translation>Konto anlegen</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>Neues Passwort</translation>
    </message>
    <message>
        <source>We send a code to the email address of your account.</source>
        <translation>Wir schicken einen Code an die E-Mail-Adresse Ihres Kontos.</translation>
    </message>
    <message>
        <source>Enter the code that we sent to %1. It is good for 15 minutes. Every other device is signed out.</source>
        <translation>Geben Sie den Code ein, den wir an %1 geschickt haben. Er gilt 15 Minuten. Alle anderen Geräte werden abgemeldet.</translation>
    </message>
    <message>
        <source>at %1</source>
        <translation>bei %1</translation>
    </message>
    <message>
        <source>Enter the address of your service, or open a file or a stream without one.</source>
        <translation>Geben Sie die Adresse Ihres Dienstes ein, oder öffnen Sie eine Datei oder einen Stream ohne Dienst.</translation>
    </message>
    <message>
        <source>Address of the service</source>
        <translation>Adresse des Dienstes</translation>
    </message>
    <message>
        <source>On this network</source>
        <translation>In diesem Netzwerk</translation>
    </message>
    <message>
        <source>%1 · not protected</source>
        <translation>%1 · nicht geschützt</translation>
    </message>
    <message>
        <source>Your name</source>
        <translation>Ihr Name</translation>
    </message>
    <message>
        <source>Email address</source>
        <translation>E-Mail-Adresse</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>Code</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Passwort</translation>
    </message>
    <message>
        <source>Hide password</source>
        <translation>Passwort verbergen</translation>
    </message>
    <message>
        <source>Show password</source>
        <translation>Passwort zeigen</translation>
    </message>
    <message>
        <source>Forgot your password?</source>
        <translation>Passwort vergessen?</translation>
    </message>
    <message>
        <source>Other service</source>
        <translation>Anderer Dienst</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Create account</source>
        <translation>Konto anlegen</translation>
    </message>
    <message>
        <source>Send code</source>
        <translation>Code senden</translation>
    </message>
    <message>
        <source>Set password</source>
        <translation>Passwort setzen</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>Verbinden</translation>
    </message>
    <message>
        <source>I have an account</source>
        <translation>Ich habe ein Konto</translation>
    </message>
    <message>
        <source>Back to sign in</source>
        <translation>Zurück zur Anmeldung</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>Datei öffnen</translation>
    </message>
    <message>
        <source>Open stream</source>
        <translation>Stream öffnen</translation>
    </message>
    <message>
        <source>Use a password</source>
        <translation>Mit einem Passwort</translation>
    </message>
    <message>
        <source>Use a code</source>
        <translation>Mit einem Code</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>Auf diesem Computer</translation>
    </message>
</context>
<context>
    <name>Skeleton</name>
    <message>
        <source>Loading</source>
        <translation>Wird geladen</translation>
    </message>
</context>
<context>
    <name>Spinner</name>
    <message>
        <source>Please wait</source>
        <translation>Bitte warten</translation>
    </message>
</context>
<context>
    <name>StatisticsPanel</name>
    <message>
        <source>Statistics</source>
        <translation>Statistik</translation>
    </message>
</context>
<context>
    <name>SubtitlePreview</name>
    <message>
        <source>How subtitles will look</source>
        <translation>So sehen Untertitel aus</translation>
    </message>
    <message>
        <source>– Are you coming to the matinee?
– I would not miss it.</source>
        <translation>– Kommen Sie zur Matinee?
– Um nichts in der Welt würde ich sie verpassen.</translation>
    </message>
</context>
<context>
    <name>TroublePanel</name>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Play from the start</source>
        <translation>Von Anfang an abspielen</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
</context>
<context>
    <name>UpNextPanel</name>
    <message>
        <source>Skip intro</source>
        <translation>Vorspann überspringen</translation>
    </message>
    <message>
        <source>Next episode: %1</source>
        <translation>Nächste Folge: %1</translation>
    </message>
    <message>
        <source>Next episode in %1 s</source>
        <translation>Nächste Folge in %1 s</translation>
    </message>
    <message>
        <source>Next episode</source>
        <translation>Nächste Folge</translation>
    </message>
    <message>
        <source>Play now</source>
        <translation>Jetzt abspielen</translation>
    </message>
    <message>
        <source>Watch the credits</source>
        <translation>Abspann ansehen</translation>
    </message>
</context>
<context>
    <name>ViewModels</name>
    <message>
        <source>It is sent unchanged to a receiver that decodes it. At any speed but normal it is decoded here.</source>
        <translation>Ein Receiver, der ihn dekodiert, bekommt ihn unverändert. Bei anderem Tempo wird er hier dekodiert.</translation>
    </message>
    <message>
        <source>About</source>
        <translation>Über</translation>
    </message>
    <message>
        <source>Access was denied</source>
        <translation>Zugriff verweigert</translation>
    </message>
    <message>
        <source>Account and plan</source>
        <translation>Konto und Abo</translation>
    </message>
    <message>
        <source>All titles</source>
        <translation>Alle Titel</translation>
    </message>
    <message>
        <source>Another delivery network is asked.</source>
        <translation>Ein anderes Verteilnetz wird versucht.</translation>
    </message>
    <message>
        <source>Another plan includes more.</source>
        <translation>Ein anderes Abo umfasst mehr.</translation>
    </message>
    <message>
        <source>Another profile may watch it.</source>
        <translation>Ein anderes Profil darf es sehen.</translation>
    </message>
    <message>
        <source>Another program is working on this download.</source>
        <translation>Ein anderes Programm arbeitet an diesem Download.</translation>
    </message>
    <message>
        <source>Another program works on it</source>
        <translation>Ein anderes Programm arbeitet daran</translation>
    </message>
    <message>
        <source>Another quality is fetched instead.</source>
        <translation>Stattdessen wird eine andere Qualität geladen.</translation>
    </message>
    <message>
        <source>Any number of downloads</source>
        <translation>Beliebig viele Downloads</translation>
    </message>
    <message>
        <source>Any number of screens</source>
        <translation>Beliebig viele Bildschirme</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Darstellung</translation>
    </message>
    <message>
        <source>As fast as possible</source>
        <translation>So schnell wie möglich</translation>
    </message>
    <message>
        <source>As the device says</source>
        <translation>Wie das Gerät es angibt</translation>
    </message>
    <message>
        <source>As the title has it</source>
        <translation>Wie im Titel vorgesehen</translation>
    </message>
    <message>
        <source>Asking the service…</source>
        <translation>Der Dienst wird gefragt…</translation>
    </message>
    <message>
        <source>Audio</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>Audio description</source>
        <translation>Audiodeskription</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Auto quality</source>
        <translation>Automatische Qualität</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Basic</source>
        <translation>Basis</translation>
    </message>
    <message>
        <source>Best quality</source>
        <translation>Beste Qualität</translation>
    </message>
    <message>
        <source>Bitrate</source>
        <translation>Bitrate</translation>
    </message>
    <message>
        <source>Bright parts cut</source>
        <translation>Helle Stellen abgeschnitten</translation>
    </message>
    <message>
        <source>Buffer</source>
        <translation>Puffer</translation>
    </message>
    <message>
        <source>CDN</source>
        <translation>CDN</translation>
    </message>
    <message>
        <source>Cable</source>
        <translation>Kabel</translation>
    </message>
    <message>
        <source>Can be watched for 1 hour</source>
        <translation>Noch 1 Stunde lang zu sehen</translation>
    </message>
    <message>
        <source>Can be watched for 1 minute</source>
        <translation>Noch 1 Minute lang zu sehen</translation>
    </message>
    <message>
        <source>Can be watched for less than a minute</source>
        <translation>Weniger als eine Minute lang zu sehen</translation>
    </message>
    <message>
        <source>Can be watched for {count} days</source>
        <translation>Noch {count} Tage lang zu sehen</translation>
    </message>
    <message>
        <source>Can be watched for {count} hours</source>
        <translation>Noch {count} Stunden lang zu sehen</translation>
    </message>
    <message>
        <source>Can be watched for {count} minutes</source>
        <translation>Noch {count} Minuten lang zu sehen</translation>
    </message>
    <message>
        <source>Can be watched without a time limit</source>
        <translation>Ohne zeitliche Grenze zu sehen</translation>
    </message>
    <message>
        <source>Cancel and remove</source>
        <translation>Abbrechen und entfernen</translation>
    </message>
    <message>
        <source>Cancel the plan</source>
        <translation>Das Abo kündigen</translation>
    </message>
    <message>
        <source>Cancelled; it ends on {day}.</source>
        <translation>Gekündigt; es endet am {day}.</translation>
    </message>
    <message>
        <source>Change of plan</source>
        <translation>Abowechsel</translation>
    </message>
    <message>
        <source>Chapter {number}</source>
        <translation>Kapitel {number}</translation>
    </message>
    <message>
        <source>Check for damage</source>
        <translation>Auf Schäden prüfen</translation>
    </message>
    <message>
        <source>Checking {name}…</source>
        <translation>{name} wird geprüft …</translation>
    </message>
    <message>
        <source>Clearer speech</source>
        <translation>Deutlichere Sprache</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <source>Commentary</source>
        <translation>Kommentar</translation>
    </message>
    <message>
        <source>Connect once to check the date</source>
        <translation>Zum Prüfen des Datums einmal verbinden</translation>
    </message>
    <message>
        <source>Connect once to confirm the licence</source>
        <translation>Zum Bestätigen der Lizenz einmal verbinden</translation>
    </message>
    <message>
        <source>Connect to the network and renew it: Downloads, Renew the licence.</source>
        <translation>Mit dem Netz verbinden und erneuern: Downloads, Lizenz erneuern.</translation>
    </message>
    <message>
        <source>Continue watching</source>
        <translation>Weiterschauen</translation>
    </message>
    <message>
        <source>Contrast</source>
        <translation>Kontrast</translation>
    </message>
    <message>
        <source>Dark box</source>
        <translation>Dunkler Kasten</translation>
    </message>
    <message>
        <source>Data use</source>
        <translation>Datenverbrauch</translation>
    </message>
    <message>
        <source>Declined</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Decoded here</source>
        <translation>Hier dekodiert</translation>
    </message>
    <message>
        <source>Decoding</source>
        <translation>Dekodieren</translation>
    </message>
    <message>
        <source>Delete now</source>
        <translation>Jetzt löschen</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Löschen…</translation>
    </message>
    <message>
        <source>Detailed</source>
        <translation>Detailreich</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Dolby audio</source>
        <translation>Dolby-Ton</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>Download failed</source>
        <translation>Download fehlgeschlagen</translation>
    </message>
    <message>
        <source>Downloaded</source>
        <translation>Heruntergeladen</translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation>Wird heruntergeladen</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>Downloads</translation>
    </message>
    <message>
        <source>Downloads can check it for damage and fetch again what is missing.</source>
        <translation>Unter Downloads lässt es sich auf Schäden prüfen; was fehlt, wird neu geladen.</translation>
    </message>
    <message>
        <source>Downloads go on</source>
        <translation>Downloads laufen weiter</translation>
    </message>
    <message>
        <source>Downloads wait</source>
        <translation>Downloads warten</translation>
    </message>
    <message>
        <source>Dropped frames</source>
        <translation>Ausgelassene Bilder</translation>
    </message>
    <message>
        <source>Dubbed</source>
        <translation>Synchronfassung</translation>
    </message>
    <message>
        <source>Easy to read</source>
        <translation>Leicht zu lesen</translation>
    </message>
    <message>
        <source>Edge</source>
        <translation>Rand</translation>
    </message>
    <message>
        <source>Every server that has this title was tried, several times.</source>
        <translation>Jeder Server mit diesem Titel wurde mehrmals versucht.</translation>
    </message>
    <message>
        <source>Every server that may have it was tried. Choose another title.</source>
        <translation>Jeder mögliche Server wurde versucht. Wählen Sie einen anderen Titel.</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>For the hard of hearing</source>
        <translation>Für Hörgeschädigte</translation>
    </message>
    <message>
        <source>Forced</source>
        <translation>Erzwungen</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>Kostenlos</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>Grün</translation>
    </message>
    <message>
        <source>HDR pictures</source>
        <translation>HDR-Bilder</translation>
    </message>
    <message>
        <source>Buffer level</source>
        <translation>Pufferstand</translation>
    </message>
    <message>
        <source>High</source>
        <translation>Hoch</translation>
    </message>
    <message>
        <source>Playback reports</source>
        <translation>Wiedergabeberichte</translation>
    </message>
    <message>
        <source>In hardware where possible</source>
        <translation>In Hardware, wo möglich</translation>
    </message>
    <message>
        <source>In software</source>
        <translation>In Software</translation>
    </message>
    <message>
        <source>Playback continues when enough has arrived.</source>
        <translation>Die Wiedergabe geht weiter, sobald genug angekommen ist.</translation>
    </message>
    <message>
        <source>It has been asked for. Playback goes on by itself.</source>
        <translation>Sie ist angefragt. Die Wiedergabe geht von selbst weiter.</translation>
    </message>
    <message>
        <source>It is requested again, and elsewhere.</source>
        <translation>Es wird noch einmal angefragt, auch anderswo.</translation>
    </message>
    <message>
        <source>It is requested again.</source>
        <translation>Es wird noch einmal angefragt.</translation>
    </message>
    <message>
        <source>It may have been removed. Choose another title.</source>
        <translation>Vielleicht wurde er entfernt. Wählen Sie einen anderen Titel.</translation>
    </message>
    <message>
        <source>It can no longer play anything</source>
        <translation>Es spielt nichts mehr ab</translation>
    </message>
    <message>
        <source>It was requested several times. Check the connection, then try again.</source>
        <translation>Sie wurde mehrmals angefragt. Prüfen Sie die Verbindung und versuchen Sie es erneut.</translation>
    </message>
    <message>
        <source>It was fetched again from every server that has it. Try again later.</source>
        <translation>Es wurde von jedem Server neu geladen. Versuchen Sie es später erneut.</translation>
    </message>
    <message>
        <source>Its service is not set up</source>
        <translation>Der Dienst dazu ist nicht eingerichtet</translation>
    </message>
    <message>
        <source>Karaoke</source>
        <translation>Karaoke</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Last used on {day}</source>
        <translation>Zuletzt benutzt am {day}</translation>
    </message>
    <message>
        <source>Leave it as it is</source>
        <translation>So lassen</translation>
    </message>
    <message>
        <source>Light blue</source>
        <translation>Hellblau</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>Wird geladen</translation>
    </message>
    <message>
        <source>Check this device&apos;s connection, then try again. Playback continues where it stopped.</source>
        <translation>Prüfen Sie die Verbindung dieses Geräts und versuchen Sie es noch einmal. Die Wiedergabe geht dort weiter, wo sie aufgehört hat.</translation>
    </message>
    <message>
        <source>Looking at this installation…</source>
        <translation>Diese Installation wird untersucht …</translation>
    </message>
    <message>
        <source>Make room: remove downloads that you have watched. It goes on where it stopped.</source>
        <translation>Schaffen Sie Platz: Entfernen Sie gesehene Downloads. Es geht weiter, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>Metered</source>
        <translation>Volumentarif</translation>
    </message>
    <message>
        <source>Mobile network</source>
        <translation>Mobilfunk</translation>
    </message>
    <message>
        <source>More to watch</source>
        <translation>Mehr zum Ansehen</translation>
    </message>
    <message>
        <source>My list</source>
        <translation>Meine Liste</translation>
    </message>
    <message>
        <source>Natural</source>
        <translation>Natürlich</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>Nie</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Neu</translation>
    </message>
    <message>
        <source>No connection</source>
        <translation>Keine Verbindung</translation>
    </message>
    <message>
        <source>No downloads</source>
        <translation>Keine Downloads</translation>
    </message>
    <message>
        <source>No licence for this title</source>
        <translation>Keine Lizenz für diesen Titel</translation>
    </message>
    <message>
        <source>No licence to play now</source>
        <translation>Jetzt keine Lizenz zum Abspielen</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>Keine Grenze</translation>
    </message>
    <message>
        <source>No other form of this title can be opened here either.</source>
        <translation>Auch keine andere Form dieses Titels lässt sich hier öffnen.</translation>
    </message>
    <message>
        <source>No other quality of it can be played either.</source>
        <translation>Auch keine andere Qualität davon lässt sich abspielen.</translation>
    </message>
    <message>
        <source>No video appears</source>
        <translation>Es erscheint kein Bild</translation>
    </message>
    <message>
        <source>No service is set up.</source>
        <translation>Es ist kein Dienst eingerichtet.</translation>
    </message>
    <message>
        <source>Normal</source>
        <translation>Normal</translation>
    </message>
    <message>
        <source>Not for this profile</source>
        <translation>Nicht für dieses Profil</translation>
    </message>
    <message>
        <source>Not in your plan</source>
        <translation>Nicht in Ihrem Abo</translation>
    </message>
    <message>
        <source>Not reported</source>
        <translation>Nicht gemeldet</translation>
    </message>
    <message>
        <source>Nothing is paid for it.</source>
        <translation>Dafür wird nichts bezahlt.</translation>
    </message>
    <message>
        <source>Nothing is paid. A plan brings more titles and better quality.</source>
        <translation>Es wird nichts bezahlt. Ein Abo bringt mehr Titel und bessere Qualität.</translation>
    </message>
    <message>
        <source>Nothing more was loaded, because it may not come from the service.</source>
        <translation>Es wurde nichts weiter geladen, weil es nicht vom Dienst stammen könnte.</translation>
    </message>
    <message>
        <source>One screen at a time</source>
        <translation>Ein Bildschirm zur selben Zeit</translation>
    </message>
    <message>
        <source>Only the first channel of captions can be shown.</source>
        <translation>Nur der erste Kanal der Untertitel im Bild kann gezeigt werden.</translation>
    </message>
    <message>
        <source>Only the service can give it back. Choose another title.</source>
        <translation>Nur der Dienst kann sie zurückgeben. Wählen Sie einen anderen Titel.</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>Bestellung</translation>
    </message>
    <message>
        <source>Order for {price} a month</source>
        <translation>Für {price} im Monat bestellen</translation>
    </message>
    <message>
        <source>Paid</source>
        <translation>Bezahlt</translation>
    </message>
    <message>
        <source>Paid back</source>
        <translation>Erstattet</translation>
    </message>
    <message>
        <source>Playback</source>
        <translation>Wiedergabe</translation>
    </message>
    <message>
        <source>Please enter an address that begins with https://, a Matinee link or a file&apos;s path.</source>
        <translation>Bitte eine Adresse eingeben, die mit https:// beginnt, einen Matinee-Link oder den Pfad einer Datei.</translation>
    </message>
    <message>
        <source>Set this machine&apos;s clock, then try again. It goes on where it stopped.</source>
        <translation>Stellen Sie die Uhr dieses Geräts und versuchen Sie es erneut. Es geht weiter, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Settings, About says what is missing here, and what helps.</source>
        <translation>Einstellungen, Über Matinee sagt, was hier fehlt und was hilft.</translation>
    </message>
    <message>
        <source>Settings, About says what is wrong with it, and what helps.</source>
        <translation>Einstellungen, Über Matinee sagt, was damit nicht stimmt und was hilft.</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>A PIN has four to eight digits.</source>
        <translation>Eine PIN hat vier bis acht Ziffern.</translation>
    </message>
    <message>
        <source>A damaged part is passed over.</source>
        <translation>Ein beschädigter Teil wird übersprungen.</translation>
    </message>
    <message>
        <source>A new permission to play is asked for.</source>
        <translation>Eine neue Erlaubnis zum Abspielen wird angefordert.</translation>
    </message>
    <message>
        <source>A new permission was asked for, and denied too.</source>
        <translation>Eine neue Erlaubnis wurde angefragt und auch verweigert.</translation>
    </message>
    <message>
        <source>A part of Qt is missing.</source>
        <translation>Ein Teil von Qt fehlt.</translation>
    </message>
    <message>
        <source>A part of this download is damaged.</source>
        <translation>Ein Teil dieses Downloads ist beschädigt.</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Action</translation>
    </message>
    <message>
        <source>Add a file…</source>
        <translation>Datei hinzufügen …</translation>
    </message>
    <message>
        <source>Add subtitles</source>
        <translation>Untertitel hinzufügen</translation>
    </message>
    <message>
        <source>Adventure</source>
        <translation>Abenteuer</translation>
    </message>
    <message>
        <source>Age limit</source>
        <translation>Altersgrenze</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>All free space</source>
        <translation>Der ganze freie Platz</translation>
    </message>
    <message>
        <source>Animation</source>
        <translation>Animation</translation>
    </message>
    <message>
        <source>Shuffle</source>
        <translation>Zufällige Reihenfolge</translation>
    </message>
    <message>
        <source>Shuffle on or off</source>
        <translation>Zufällige Reihenfolge an oder aus</translation>
    </message>
    <message>
        <source>As chosen in the player</source>
        <translation>Wie im Player gewählt</translation>
    </message>
    <message>
        <source>Required to open this profile.</source>
        <translation>Wird beim Öffnen des Profils verlangt.</translation>
    </message>
    <message>
        <source>Required to leave this profile.</source>
        <translation>Wird beim Verlassen des Profils verlangt.</translation>
    </message>
    <message>
        <source>Because you watched {name}</source>
        <translation>Weil Sie „{name}“ gesehen haben</translation>
    </message>
    <message>
        <source>Begins by itself</source>
        <translation>Beginnt von selbst</translation>
    </message>
    <message>
        <source>Bookmark at {time}</source>
        <translation>Lesezeichen bei {time}</translation>
    </message>
    <message>
        <source>Bookmarks</source>
        <translation>Lesezeichen</translation>
    </message>
    <message>
        <source>CDN choice</source>
        <translation>CDN-Wahl</translation>
    </message>
    <message>
        <source>Previous chapter</source>
        <translation>Voriges Kapitel</translation>
    </message>
    <message>
        <source>Close a menu, or leave the player</source>
        <translation>Ein Menü schließen, oder den Player verlassen</translation>
    </message>
    <message>
        <source>Comedy</source>
        <translation>Komödie</translation>
    </message>
    <message>
        <source>Crime</source>
        <translation>Krimi</translation>
    </message>
    <message>
        <source>Crop</source>
        <translation>Zuschneiden</translation>
    </message>
    <message>
        <source>Crop: {crop}</source>
        <translation>Zuschnitt: {crop}</translation>
    </message>
    <message>
        <source>Deinterlace</source>
        <translation>Zeilensprung entfernen</translation>
    </message>
    <message>
        <source>Deinterlace or not</source>
        <translation>Zeilensprung entfernen oder nicht</translation>
    </message>
    <message>
        <source>Delete from the history</source>
        <translation>Aus dem Verlauf löschen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Details</translation>
    </message>
    <message>
        <source>Digits of your own</source>
        <translation>Eigene Ziffern</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Documentary</source>
        <translation>Dokumentation</translation>
    </message>
    <message>
        <source>Downloads on {count} of {limit} devices</source>
        <translation>Downloads auf {count} von {limit} Geräten</translation>
    </message>
    <message>
        <source>Drama</source>
        <translation>Drama</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>Früher</translation>
    </message>
    <message>
        <source>Automatic downloads</source>
        <translation>Automatische Downloads</translation>
    </message>
    <message>
        <source>Even volume</source>
        <translation>Gleichmäßige Lautstärke</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>Familie</translation>
    </message>
    <message>
        <source>Fantasy</source>
        <translation>Fantasy</translation>
    </message>
    <message>
        <source>Faster</source>
        <translation>Schneller</translation>
    </message>
    <message>
        <source>Previous file</source>
        <translation>Vorige Datei</translation>
    </message>
    <message>
        <source>Files of the queue</source>
        <translation>Dateien der Warteschlange</translation>
    </message>
    <message>
        <source>Find a line</source>
        <translation>Textstelle finden</translation>
    </message>
    <message>
        <source>Find a line…</source>
        <translation>Textstelle finden …</translation>
    </message>
    <message>
        <source>First picture</source>
        <translation>Erstes Bild</translation>
    </message>
    <message>
        <source>First segment</source>
        <translation>Erstes Segment</translation>
    </message>
    <message>
        <source>For a child</source>
        <translation>Für ein Kind</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>Gefunden</translation>
    </message>
    <message>
        <source>Previous frame</source>
        <translation>Voriges Bild</translation>
    </message>
    <message>
        <source>Full</source>
        <translation>Voll</translation>
    </message>
    <message>
        <source>Full screen on or off</source>
        <translation>Vollbild an oder aus</translation>
    </message>
    <message>
        <source>Go back a step</source>
        <translation>Einen Schritt zurück</translation>
    </message>
    <message>
        <source>Go forward a step</source>
        <translation>Einen Schritt vor</translation>
    </message>
    <message>
        <source>Go to a time</source>
        <translation>Zu einer Zeit springen</translation>
    </message>
    <message>
        <source>Go to a time…</source>
        <translation>Zu einer Zeit springen …</translation>
    </message>
    <message>
        <source>Go to that tenth of the title</source>
        <translation>Zu diesem Zehntel des Titels</translation>
    </message>
    <message>
        <source>Go to the start</source>
        <translation>An den Anfang</translation>
    </message>
    <message>
        <source>Good night</source>
        <translation>Gute Nacht</translation>
    </message>
    <message>
        <source>HDR on this screen</source>
        <translation>HDR auf diesem Bildschirm</translation>
    </message>
    <message>
        <source>Higher</source>
        <translation>Höher</translation>
    </message>
    <message>
        <source>I like this</source>
        <translation>Gefällt mir</translation>
    </message>
    <message>
        <source>In order</source>
        <translation>Der Reihe nach</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Large pictures, a calm look, and nothing above the age limit.</source>
        <translation>Große Bilder, eine ruhige Ansicht, und nichts über der Altersgrenze.</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>Größer</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>Später</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>Reduced</source>
        <translation>Reduziert</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>Es wird gesucht …</translation>
    </message>
    <message>
        <source>Louder, up to twice as loud</source>
        <translation>Lauter, bis zum Doppelten</translation>
    </message>
    <message>
        <source>Lower</source>
        <translation>Tiefer</translation>
    </message>
    <message>
        <source>Manifest</source>
        <translation>Manifest</translation>
    </message>
    <message>
        <source>Mark as not watched</source>
        <translation>Als nicht gesehen markieren</translation>
    </message>
    <message>
        <source>Mark as watched</source>
        <translation>Als gesehen markieren</translation>
    </message>
    <message>
        <source>Matinee ended unexpectedly. “matinee doctor” names the report for those who can help.</source>
        <translation>Matinee wurde unerwartet beendet. „matinee doctor“ nennt den Bericht für die, die helfen können.</translation>
    </message>
    <message>
        <source>Mix down to stereo</source>
        <translation>Auf Stereo mischen</translation>
    </message>
    <message>
        <source>Motion</source>
        <translation>Bewegung</translation>
    </message>
    <message>
        <source>Music</source>
        <translation>Musik</translation>
    </message>
    <message>
        <source>Mystery</source>
        <translation>Mystery</translation>
    </message>
    <message>
        <source>Nature</source>
        <translation>Natur</translation>
    </message>
    <message>
        <source>New episodes</source>
        <translation>Neue Folgen</translation>
    </message>
    <message>
        <source>Next audio track</source>
        <translation>Nächste Tonspur</translation>
    </message>
    <message>
        <source>Next chapter</source>
        <translation>Nächstes Kapitel</translation>
    </message>
    <message>
        <source>Next crop</source>
        <translation>Nächster Zuschnitt</translation>
    </message>
    <message>
        <source>Next episode</source>
        <translation>Nächste Folge</translation>
    </message>
    <message>
        <source>Next file</source>
        <translation>Nächste Datei</translation>
    </message>
    <message>
        <source>Next frame</source>
        <translation>Nächstes Bild</translation>
    </message>
    <message>
        <source>Next aspect ratio</source>
        <translation>Nächstes Seitenverhältnis</translation>
    </message>
    <message>
        <source>Next subtitles</source>
        <translation>Nächste Untertitel</translation>
    </message>
    <message>
        <source>Next subtitles, or none</source>
        <translation>Nächste Untertitel, oder keine</translation>
    </message>
    <message>
        <source>Next way to show HDR</source>
        <translation>Nächste Art, HDR zu zeigen</translation>
    </message>
    <message>
        <source>Night mode</source>
        <translation>Nachtmodus</translation>
    </message>
    <message>
        <source>Night mode: quiet parts louder, loud parts quieter</source>
        <translation>Nachtmodus: Leises lauter, Lautes leiser</translation>
    </message>
    <message>
        <source>No</source>
        <translation>Nein</translation>
    </message>
    <message>
        <source>No sleep timer</source>
        <translation>Kein Einschlaf-Timer</translation>
    </message>
    <message>
        <source>No subtitles</source>
        <translation>Keine Untertitel</translation>
    </message>
    <message>
        <source>The subtitles that are shown cannot be searched.</source>
        <translation>Die gezeigten Untertitel lassen sich nicht durchsuchen.</translation>
    </message>
    <message>
        <source>No line was found.</source>
        <translation>Keine Textstelle gefunden.</translation>
    </message>
    <message>
        <source>No PIN</source>
        <translation>Keine PIN</translation>
    </message>
    <message>
        <source>Normal speed</source>
        <translation>Normale Geschwindigkeit</translation>
    </message>
    <message>
        <source>Not for me</source>
        <translation>Nichts für mich</translation>
    </message>
    <message>
        <source>Nothing follows in the queue.</source>
        <translation>In der Warteschlange folgt nichts.</translation>
    </message>
    <message>
        <source>Offered first when you download a title.</source>
        <translation>Wird zuerst angeboten, wenn Sie einen Titel herunterladen.</translation>
    </message>
    <message>
        <source>On</source>
        <translation>Ein</translation>
    </message>
    <message>
        <source>On a metered network</source>
        <translation>In einem Netz mit Volumentarif</translation>
    </message>
    <message>
        <source>On a metered network, Auto uses 0.7 GB an hour at most.</source>
        <translation>In einem Netz mit Volumentarif nutzt Automatisch höchstens 0,7 GB je Stunde.</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>Auf diesem Computer</translation>
    </message>
    <message>
        <source>One frame back</source>
        <translation>Ein Bild zurück</translation>
    </message>
    <message>
        <source>One frame forward</source>
        <translation>Ein Bild vor</translation>
    </message>
    <message>
        <source>Open an address that begins with https://, or a file by “Open stream”.</source>
        <translation>Öffnen Sie eine Adresse, die mit https:// beginnt, oder eine Datei über „Stream öffnen“.</translation>
    </message>
    <message>
        <source>Open the tools</source>
        <translation>Die Werkzeuge öffnen</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>Original</translation>
    </message>
    <message>
        <source>Outline</source>
        <translation>Umriss</translation>
    </message>
    <message>
        <source>PIN</source>
        <translation>PIN</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Pause, or go on</source>
        <translation>Anhalten oder weiter</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Pauses in {minutes} minutes</source>
        <translation>Hält in {minutes} Minuten an</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Original zoom</source>
        <translation>Ursprüngliche Größe</translation>
    </message>
    <message>
        <source>Picture in picture on or off</source>
        <translation>Bild im Bild an oder aus</translation>
    </message>
    <message>
        <source>Picture larger</source>
        <translation>Bild größer</translation>
    </message>
    <message>
        <source>Picture smaller</source>
        <translation>Bild kleiner</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>Play this folder</source>
        <translation>Diesen Ordner abspielen</translation>
    </message>
    <message>
        <source>Playing</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Please enter a name, an email address, and a password of at least {count} characters.</source>
        <translation>Bitte geben Sie einen Namen, eine E-Mail-Adresse und ein Passwort mit mindestens {count} Zeichen ein.</translation>
    </message>
    <message>
        <source>Please enter your email address and your password.</source>
        <translation>Bitte geben Sie Ihre E-Mail-Adresse und Ihr Passwort ein.</translation>
    </message>
    <message>
        <source>Please sign in first.</source>
        <translation>Bitte melden Sie sich zuerst an.</translation>
    </message>
    <message>
        <source>Preferred audio</source>
        <translation>Bevorzugter Ton</translation>
    </message>
    <message>
        <source>Premium</source>
        <translation>Premium</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>Privatsphäre</translation>
    </message>
    <message>
        <source>Protected for other devices</source>
        <translation>Für andere Geräte geschützt</translation>
    </message>
    <message>
        <source>Add to my list</source>
        <translation>Auf meine Liste</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Quality up to {height}p</source>
        <translation>Qualität bis {height}p</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>Warteschlange</translation>
    </message>
    <message>
        <source>Quieter</source>
        <translation>Leiser</translation>
    </message>
    <message>
        <source>Relaxing</source>
        <translation>Entspannend</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove from “Continue watching”</source>
        <translation>Aus „Weiterschauen“ entfernen</translation>
    </message>
    <message>
        <source>Renew the licence</source>
        <translation>Lizenz erneuern</translation>
    </message>
    <message>
        <source>Renewal</source>
        <translation>Verlängerung</translation>
    </message>
    <message>
        <source>Renewing…</source>
        <translation>Wird erneuert …</translation>
    </message>
    <message>
        <source>Renews on {day} for {price}.</source>
        <translation>Verlängert sich am {day} für {price}.</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>Reparieren</translation>
    </message>
    <message>
        <source>Repairing {name}…</source>
        <translation>{name} wird repariert …</translation>
    </message>
    <message>
        <source>Repeat</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Repeat a part (A-B)</source>
        <translation>Einen Teil wiederholen (A-B)</translation>
    </message>
    <message>
        <source>Repeat a part: start, end, off</source>
        <translation>Einen Teil wiederholen: Anfang, Ende, aus</translation>
    </message>
    <message>
        <source>Repeat all</source>
        <translation>Alles wiederholen</translation>
    </message>
    <message>
        <source>Repeat nothing</source>
        <translation>Nichts wiederholen</translation>
    </message>
    <message>
        <source>Repeat nothing, all, or this one</source>
        <translation>Nichts, alles oder dieses wiederholen</translation>
    </message>
    <message>
        <source>Repeat this one</source>
        <translation>Dieses wiederholen</translation>
    </message>
    <message>
        <source>Repeats from here</source>
        <translation>Wiederholt ab hier</translation>
    </message>
    <message>
        <source>Repeat is off</source>
        <translation>Wiederholung ist aus</translation>
    </message>
    <message>
        <source>Repeats up to here</source>
        <translation>Wiederholt bis hier</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Romance</source>
        <translation>Romantik</translation>
    </message>
    <message>
        <source>Rotate</source>
        <translation>Drehen</translation>
    </message>
    <message>
        <source>Save this frame</source>
        <translation>Dieses Bild speichern</translation>
    </message>
    <message>
        <source>Saved: {file}</source>
        <translation>Gespeichert: {file}</translation>
    </message>
    <message>
        <source>This address cannot be reached. {why}</source>
        <translation>Diese Adresse ist nicht erreichbar. {why}</translation>
    </message>
    <message>
        <source>Storage</source>
        <translation>Speicherplatz</translation>
    </message>
    <message>
        <source>A new code is on its way.</source>
        <translation>Ein neuer Code ist unterwegs.</translation>
    </message>
    <message>
        <source>Arrow keys</source>
        <translation>Pfeiltasten</translation>
    </message>
    <message>
        <source>Ctrl+O</source>
        <translation>Strg+O</translation>
    </message>
    <message>
        <source>Ctrl+V</source>
        <translation>Strg+V</translation>
    </message>
    <message>
        <source>Decoder</source>
        <translation>Decoder</translation>
    </message>
    <message>
        <source>Downloads have reached their limit</source>
        <translation>Die Downloads haben ihre Grenze erreicht</translation>
    </message>
    <message>
        <source>Earlier in the queue</source>
        <translation>Früher in der Warteschlange</translation>
    </message>
    <message>
        <source>Ends in a moment</source>
        <translation>Endet gleich</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Eingabe</translation>
    </message>
    <message>
        <source>Esc, Back</source>
        <translation>Esc, Zurück</translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>Überall</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>File of the queue</source>
        <translation>Datei der Warteschlange</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Keys…</source>
        <translation>Tasten …</translation>
    </message>
    <message>
        <source>Later in the queue</source>
        <translation>Später in der Warteschlange</translation>
    </message>
    <message>
        <source>Menu, or Enter held</source>
        <translation>Menü, oder Eingabe halten</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>Bewegen</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>Datei öffnen</translation>
    </message>
    <message>
        <source>Open, or choose</source>
        <translation>Öffnen oder wählen</translation>
    </message>
    <message>
        <source>Output device</source>
        <translation>Ausgabegerät</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>Pixel</translation>
    </message>
    <message>
        <source>Play now</source>
        <translation>Jetzt abspielen</translation>
    </message>
    <message>
        <source>Play what was copied</source>
        <translation>Kopiertes abspielen</translation>
    </message>
    <message>
        <source>Please enter the code, and a new password of at least {count} characters.</source>
        <translation>Bitte geben Sie den Code und ein neues Passwort mit mindestens {count} Zeichen ein.</translation>
    </message>
    <message>
        <source>Please enter your email address.</source>
        <translation>Bitte geben Sie Ihre E-Mail-Adresse ein.</translation>
    </message>
    <message>
        <source>Read ahead</source>
        <translation>Vorausgelesen</translation>
    </message>
    <message>
        <source>Remove all from this list</source>
        <translation>Alle aus dieser Liste entfernen</translation>
    </message>
    <message>
        <source>Remove from this list</source>
        <translation>Aus dieser Liste entfernen</translation>
    </message>
    <message>
        <source>Science fiction</source>
        <translation>Science-Fiction</translation>
    </message>
    <message>
        <source>Searches</source>
        <translation>Suchanfragen</translation>
    </message>
    <message>
        <source>Season {number}</source>
        <translation>Staffel {number}</translation>
    </message>
    <message>
        <source>Second subtitles</source>
        <translation>Zweite Untertitel</translation>
    </message>
    <message>
        <source>Seeking</source>
        <translation>Sprung</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Set a bookmark</source>
        <translation>Ein Lesezeichen setzen</translation>
    </message>
    <message>
        <source>Set a bookmark here</source>
        <translation>Hier ein Lesezeichen setzen</translation>
    </message>
    <message>
        <source>Shadow</source>
        <translation>Schatten</translation>
    </message>
    <message>
        <source>Aspect ratio</source>
        <translation>Seitenverhältnis</translation>
    </message>
    <message>
        <source>Aspect ratio: {shape}</source>
        <translation>Seitenverhältnis: {shape}</translation>
    </message>
    <message>
        <source>Show all keys</source>
        <translation>Alle Tasten zeigen</translation>
    </message>
    <message>
        <source>Show or hide the statistics</source>
        <translation>Statistik zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Results for “{query}”.</source>
        <translation>Ergebnisse für „{query}“.</translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation>Anmelden</translation>
    </message>
    <message>
        <source>Sign in again to add it again.</source>
        <translation>Melden Sie sich erneut an, um es wieder hinzuzufügen.</translation>
    </message>
    <message>
        <source>Sign in again: playback goes on where it stopped.</source>
        <translation>Melden Sie sich erneut an: Die Wiedergabe geht weiter, wo sie aufgehört hat.</translation>
    </message>
    <message>
        <source>Sign out everywhere</source>
        <translation>Überall abmelden</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Sleep timer</source>
        <translation>Einschlaf-Timer</translation>
    </message>
    <message>
        <source>Slower</source>
        <translation>Langsamer</translation>
    </message>
    <message>
        <source>Smaller</source>
        <translation>Kleiner</translation>
    </message>
    <message>
        <source>Soft</source>
        <translation>Weich</translation>
    </message>
    <message>
        <source>Something else keeps it busy. A lower quality may help.</source>
        <translation>Etwas anderes beschäftigt es. Eine niedrigere Qualität kann helfen.</translation>
    </message>
    <message>
        <source>Something is missing on this machine</source>
        <translation>Auf diesem Gerät fehlt etwas</translation>
    </message>
    <message>
        <source>Something is missing; playback goes on as well as it can.</source>
        <translation>Etwas fehlt; die Wiedergabe geht so gut weiter, wie es möglich ist.</translation>
    </message>
    <message>
        <source>Something that is kept on this machine was changed or removed.</source>
        <translation>Etwas, das auf diesem Gerät aufbewahrt wird, wurde geändert oder entfernt.</translation>
    </message>
    <message>
        <source>Something went wrong inside Matinee.</source>
        <translation>In Matinee ist etwas schiefgegangen.</translation>
    </message>
    <message>
        <source>Sound</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>Sound earlier</source>
        <translation>Ton früher</translation>
    </message>
    <message>
        <source>Sound later</source>
        <translation>Ton später</translation>
    </message>
    <message>
        <source>Sound off or on</source>
        <translation>Ton aus oder an</translation>
    </message>
    <message>
        <source>Sound {delay} s later</source>
        <translation>Ton {delay} s später</translation>
    </message>
    <message>
        <source>Speakers</source>
        <translation>Lautsprecher</translation>
    </message>
    <message>
        <source>Specials</source>
        <translation>Sonderfolgen</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Speed {speed}</source>
        <translation>Geschwindigkeit {speed}</translation>
    </message>
    <message>
        <source>Standard</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Stereo</source>
        <translation>Stereo</translation>
    </message>
    <message>
        <source>Stop one of these, then try again. A larger plan plays on more screens.</source>
        <translation>Beenden Sie eine davon und versuchen Sie es erneut. Ein größeres Abo spielt auf mehr Bildschirmen.</translation>
    </message>
    <message>
        <source>Style</source>
        <translation>Stil</translation>
    </message>
    <message>
        <source>Subtitles</source>
        <translation>Untertitel</translation>
    </message>
    <message>
        <source>Subtitles earlier</source>
        <translation>Untertitel früher</translation>
    </message>
    <message>
        <source>Subtitles higher</source>
        <translation>Untertitel höher</translation>
    </message>
    <message>
        <source>Subtitles in their own style</source>
        <translation>Untertitel in ihrem eigenen Stil</translation>
    </message>
    <message>
        <source>Subtitles in their own style, or in yours</source>
        <translation>Untertitel in ihrem eigenen Stil, oder in Ihrem</translation>
    </message>
    <message>
        <source>Subtitles larger</source>
        <translation>Untertitel größer</translation>
    </message>
    <message>
        <source>Subtitles later</source>
        <translation>Untertitel später</translation>
    </message>
    <message>
        <source>Subtitles lower</source>
        <translation>Untertitel tiefer</translation>
    </message>
    <message>
        <source>Subtitles smaller</source>
        <translation>Untertitel kleiner</translation>
    </message>
    <message>
        <source>Subtitles {delay} s later</source>
        <translation>Untertitel {delay} s später</translation>
    </message>
    <message>
        <source>Subtitles {lift} % higher</source>
        <translation>Untertitel {lift} % höher</translation>
    </message>
    <message>
        <source>Subtitles {size} %</source>
        <translation>Untertitel {size} %</translation>
    </message>
    <message>
        <source>Surround</source>
        <translation>Raumklang</translation>
    </message>
    <message>
        <source>Switch profile</source>
        <translation>Profil wechseln</translation>
    </message>
    <message>
        <source>System default</source>
        <translation>Wie im System eingestellt</translation>
    </message>
    <message>
        <source>S{season} E{number}</source>
        <translation>S{season} F{number}</translation>
    </message>
    <message>
        <source>Remove from my list</source>
        <translation>Von meiner Liste</translation>
    </message>
    <message>
        <source>Take out of the queue</source>
        <translation>Aus der Warteschlange nehmen</translation>
    </message>
    <message>
        <source>Used if a title has it. The player&apos;s audio menu has all languages.</source>
        <translation>Wird verwendet, wenn ein Titel sie hat. Alle Sprachen stehen im Tonmenü des Players.</translation>
    </message>
    <message>
        <source>Takes effect after restart.</source>
        <translation>Gilt nach einem Neustart.</translation>
    </message>
    <message>
        <source>Tells the service of starts, stalls and errors, never of anything else on this machine.</source>
        <translation>Meldet dem Dienst Starts, Unterbrechungen und Fehler, sonst nichts von diesem Gerät.</translation>
    </message>
    <message>
        <source>Tells the service&apos;s delivery network with each request how full the buffer is.</source>
        <translation>Sagt dem Verteilnetz des Dienstes bei jeder Anfrage, wie voll der Puffer ist.</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>Textgröße</translation>
    </message>
    <message>
        <source>That is not the code.</source>
        <translation>Das ist nicht der Code.</translation>
    </message>
    <message>
        <source>The PIN is wrong.</source>
        <translation>Die PIN ist falsch.</translation>
    </message>
    <message>
        <source>The address does not lead to something that can be played.</source>
        <translation>Die Adresse führt zu nichts, das sich abspielen lässt.</translation>
    </message>
    <message>
        <source>The address of the server cannot be found.</source>
        <translation>Die Adresse des Servers ist nicht zu finden.</translation>
    </message>
    <message>
        <source>The best</source>
        <translation>Die beste</translation>
    </message>
    <message>
        <source>The best quality</source>
        <translation>Die beste Qualität</translation>
    </message>
    <message>
        <source>The bundled service is not installed.</source>
        <translation>Der mitgelieferte Dienst ist nicht installiert.</translation>
    </message>
    <message>
        <source>The card was declined. Order again with another card to keep the plan.</source>
        <translation>Die Karte wurde abgelehnt. Bestellen Sie mit einer anderen Karte erneut, um das Abo zu behalten.</translation>
    </message>
    <message>
        <source>The clock is wrong</source>
        <translation>Die Uhr geht falsch</translation>
    </message>
    <message>
        <source>The clock of this machine is wrong.</source>
        <translation>Die Uhr dieses Geräts geht falsch.</translation>
    </message>
    <message>
        <source>The code has expired.</source>
        <translation>Der Code ist abgelaufen.</translation>
    </message>
    <message>
        <source>The connection has broken.</source>
        <translation>Die Verbindung ist abgebrochen.</translation>
    </message>
    <message>
        <source>The connection is not safe</source>
        <translation>Die Verbindung ist nicht sicher</translation>
    </message>
    <message>
        <source>The connection to the server cannot be made secure.</source>
        <translation>Die Verbindung zum Server lässt sich nicht sichern.</translation>
    </message>
    <message>
        <source>The decoder is restarted in this place.</source>
        <translation>Der Decoder wird an dieser Stelle neu gestartet.</translation>
    </message>
    <message>
        <source>The decoder was restarted, which did not help. Decoding in software may: Settings, Playback.</source>
        <translation>Der Decoder wurde neu gestartet, was nicht half. Dekodieren in Software kann helfen: Einstellungen, Wiedergabe.</translation>
    </message>
    <message>
        <source>The description of the protection is damaged.</source>
        <translation>Die Beschreibung des Schutzes ist beschädigt.</translation>
    </message>
    <message>
        <source>The description of the stream is damaged.</source>
        <translation>Die Beschreibung des Streams ist beschädigt.</translation>
    </message>
    <message>
        <source>The description of the stream is too large to be safe.</source>
        <translation>Die Beschreibung des Streams ist größer, als erlaubt ist.</translation>
    </message>
    <message>
        <source>The disk is full</source>
        <translation>Die Festplatte ist voll</translation>
    </message>
    <message>
        <source>The disk is full.</source>
        <translation>Die Festplatte ist voll.</translation>
    </message>
    <message>
        <source>The disk with the downloads is not there.</source>
        <translation>Die Festplatte mit den Downloads ist nicht da.</translation>
    </message>
    <message>
        <source>The download cannot be played</source>
        <translation>Der Download lässt sich nicht abspielen</translation>
    </message>
    <message>
        <source>The downloads have reached the limit that was set for them.</source>
        <translation>Die Downloads haben die Grenze erreicht, die für sie gesetzt ist.</translation>
    </message>
    <message>
        <source>The downloads were written by a newer version of Matinee.</source>
        <translation>Die Downloads stammen von einer neueren Version von Matinee.</translation>
    </message>
    <message>
        <source>The e-mail address or the password is wrong.</source>
        <translation>E-Mail-Adresse oder Passwort sind falsch.</translation>
    </message>
    <message>
        <source>The file cannot be read.</source>
        <translation>Die Datei ist nicht lesbar.</translation>
    </message>
    <message>
        <source>The file has been removed.</source>
        <translation>Die Datei wurde entfernt.</translation>
    </message>
    <message>
        <source>The file is not there.</source>
        <translation>Die Datei ist nicht da.</translation>
    </message>
    <message>
        <source>The identity of this device cannot be read.</source>
        <translation>Die Identität dieses Geräts ist nicht lesbar.</translation>
    </message>
    <message>
        <source>The key store does not open</source>
        <translation>Der Schlüsselspeicher lässt sich nicht öffnen</translation>
    </message>
    <message>
        <source>The key store of this machine is locked or broken.</source>
        <translation>Der Schlüsselspeicher dieses Geräts ist gesperrt oder beschädigt.</translation>
    </message>
    <message>
        <source>The key was taken from: {action}</source>
        <translation>Die Taste hatte bisher: {action}</translation>
    </message>
    <message>
        <source>The keys are in {file}</source>
        <translation>Die Tasten stehen in {file}</translation>
    </message>
    <message>
        <source>The keys could not be kept and last until Matinee is closed.</source>
        <translation>Die Tasten konnten nicht gespeichert werden und gelten, bis Matinee geschlossen wird.</translation>
    </message>
    <message>
        <source>The keys could not be written: {why}</source>
        <translation>Die Tasten konnten nicht geschrieben werden: {why}</translation>
    </message>
    <message>
        <source>The licence is not available</source>
        <translation>Die Lizenz ist nicht zu bekommen</translation>
    </message>
    <message>
        <source>The licence is not available at the moment.</source>
        <translation>Die Lizenz ist im Moment nicht zu bekommen.</translation>
    </message>
    <message>
        <source>The licence cannot be read.</source>
        <translation>Die Lizenz ist nicht lesbar.</translation>
    </message>
    <message>
        <source>The licence for this title has run out.</source>
        <translation>Die Lizenz für diesen Titel ist abgelaufen.</translation>
    </message>
    <message>
        <source>The licence has run out</source>
        <translation>Die Lizenz ist abgelaufen</translation>
    </message>
    <message>
        <source>The licence is requested again.</source>
        <translation>Die Lizenz wird neu angefragt.</translation>
    </message>
    <message>
        <source>The licence is for another device</source>
        <translation>Die Lizenz gilt für ein anderes Gerät</translation>
    </message>
    <message>
        <source>Arabic</source>
        <translation>Arabisch</translation>
    </message>
    <message>
        <source>Bookmark removed: {time}</source>
        <translation>Lesezeichen entfernt: {time}</translation>
    </message>
    <message>
        <source>Chinese</source>
        <translation>Chinesisch</translation>
    </message>
    <message>
        <source>Czech</source>
        <translation>Tschechisch</translation>
    </message>
    <message>
        <source>Danish</source>
        <translation>Dänisch</translation>
    </message>
    <message>
        <source>Dutch</source>
        <translation>Niederländisch</translation>
    </message>
    <message>
        <source>English</source>
        <translation>Englisch</translation>
    </message>
    <message>
        <source>Enter plays it from its start</source>
        <translation>Mit Enter läuft sie von Anfang an</translation>
    </message>
    <message>
        <source>Enter plays what is left of it</source>
        <translation>Mit Enter läuft, was davon noch da ist</translation>
    </message>
    <message>
        <source>Finnish</source>
        <translation>Finnisch</translation>
    </message>
    <message>
        <source>French</source>
        <translation>Französisch</translation>
    </message>
    <message>
        <source>German</source>
        <translation>Deutsch</translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>Dorthin springen</translation>
    </message>
    <message>
        <source>Greek</source>
        <translation>Griechisch</translation>
    </message>
    <message>
        <source>Hebrew</source>
        <translation>Hebräisch</translation>
    </message>
    <message>
        <source>Hindi</source>
        <translation>Hindi</translation>
    </message>
    <message>
        <source>How bright parts are shown on a screen that is less bright, where there is a graphics card.</source>
        <translation>Wie helle Stellen auf einem weniger hellen Bildschirm gezeigt werden, wenn es eine Grafikkarte gibt.</translation>
    </message>
    <message>
        <source>Hungarian</source>
        <translation>Ungarisch</translation>
    </message>
    <message>
        <source>If it plays elsewhere, copy or download the file again.</source>
        <translation>Wenn sie anderswo läuft, die Datei noch einmal kopieren oder herunterladen.</translation>
    </message>
    <message>
        <source>It goes on by itself once it answers. “Back” leads out of it.</source>
        <translation>Es geht von selbst weiter, sobald er antwortet. „Zurück“ führt hinaus.</translation>
    </message>
    <message>
        <source>Italian</source>
        <translation>Italienisch</translation>
    </message>
    <message>
        <source>Japanese</source>
        <translation>Japanisch</translation>
    </message>
    <message>
        <source>Korean</source>
        <translation>Koreanisch</translation>
    </message>
    <message>
        <source>Louder</source>
        <translation>Lauter</translation>
    </message>
    <message>
        <source>The length of this film is not known. Use “Go to a time”.</source>
        <translation>Die Länge dieses Films ist nicht bekannt. Verwenden Sie „Zu einer Zeit springen“.</translation>
    </message>
    <message>
        <source>Norwegian</source>
        <translation>Norwegisch</translation>
    </message>
    <message>
        <source>Not recorded</source>
        <translation>Nicht aufgenommen</translation>
    </message>
    <message>
        <source>Not recorded: it is not allowed any more</source>
        <translation>Nicht aufgenommen: nicht mehr erlaubt</translation>
    </message>
    <message>
        <source>Not recorded: nothing was broadcast</source>
        <translation>Nicht aufgenommen: nichts wurde gesendet</translation>
    </message>
    <message>
        <source>Not recorded: the service had no space</source>
        <translation>Nicht aufgenommen: dem Dienst fehlte Platz</translation>
    </message>
    <message>
        <source>Polish</source>
        <translation>Polnisch</translation>
    </message>
    <message>
        <source>Portuguese</source>
        <translation>Portugiesisch</translation>
    </message>
    <message>
        <source>Record this programme, or not</source>
        <translation>Diese Sendung aufnehmen oder nicht</translation>
    </message>
    <message>
        <source>Recorded</source>
        <translation>Aufgenommen</translation>
    </message>
    <message>
        <source>Recorded in part</source>
        <translation>Zum Teil aufgenommen</translation>
    </message>
    <message>
        <source>Recording</source>
        <translation>Nimmt auf</translation>
    </message>
    <message>
        <source>Remove the bookmark</source>
        <translation>Lesezeichen entfernen</translation>
    </message>
    <message>
        <source>Romanian</source>
        <translation>Rumänisch</translation>
    </message>
    <message>
        <source>Russian</source>
        <translation>Russisch</translation>
    </message>
    <message>
        <source>Sound off</source>
        <translation>Ton aus</translation>
    </message>
    <message>
        <source>Spanish</source>
        <translation>Spanisch</translation>
    </message>
    <message>
        <source>Start this programme over</source>
        <translation>Diese Sendung von vorn beginnen</translation>
    </message>
    <message>
        <source>Swedish</source>
        <translation>Schwedisch</translation>
    </message>
    <message>
        <source>The disk or share of the file does not answer</source>
        <translation>Der Datenträger der Datei antwortet nicht</translation>
    </message>
    <message>
        <source>The disk or share of {file} does not answer.</source>
        <translation>Die Platte oder Freigabe von {file} antwortet nicht.</translation>
    </message>
    <message>
        <source>The film stops here: a part of its file is missing.</source>
        <translation>Der Film bricht hier ab: Ein Teil seiner Datei fehlt.</translation>
    </message>
    <message>
        <source>The film ends here</source>
        <translation>Der Film endet hier</translation>
    </message>
    <message>
        <source>The keys are those of {file}</source>
        <translation>Die Tasten sind die aus {file}</translation>
    </message>
    <message>
        <source>The length of this film is not known, so it may take a while.</source>
        <translation>Die Länge dieses Films ist nicht bekannt, deshalb kann es dauern.</translation>
    </message>
    <message>
        <source>The licence is not one for this device and title.</source>
        <translation>Die Lizenz gilt nicht für dieses Gerät und diesen Titel.</translation>
    </message>
    <message>
        <source>The licence of {name} has been renewed.</source>
        <translation>Die Lizenz von {name} ist erneuert.</translation>
    </message>
    <message>
        <source>The licence was given back</source>
        <translation>Die Lizenz wurde zurückgegeben</translation>
    </message>
    <message>
        <source>The licence was withdrawn</source>
        <translation>Die Lizenz wurde entzogen</translation>
    </message>
    <message>
        <source>The most that Auto uses for video. A quality chosen in the player is not limited.</source>
        <translation>So viel nutzt Automatisch höchstens für das Bild. Eine im Player gewählte Qualität wird nicht begrenzt.</translation>
    </message>
    <message>
        <source>The most that all downloads use together.</source>
        <translation>So viel nutzen alle Downloads zusammen höchstens.</translation>
    </message>
    <message>
        <source>The most that downloads of all profiles may take on this computer.</source>
        <translation>So viel dürfen Downloads aller Profile auf diesem Computer höchstens belegen.</translation>
    </message>
    <message>
        <source>The new password needs eight characters at least.</source>
        <translation>Das neue Passwort braucht mindestens acht Zeichen.</translation>
    </message>
    <message>
        <source>After you watch an episode, the next one is downloaded and the watched one removed.</source>
        <translation>Ist eine Folge gesehen, wird die nächste geladen und die gesehene gelöscht.</translation>
    </message>
    <message>
        <source>The next {count} episodes</source>
        <translation>Die nächsten {count} Folgen</translation>
    </message>
    <message>
        <source>The password has been changed.</source>
        <translation>Das Passwort wurde geändert.</translation>
    </message>
    <message>
        <source>The permission has expired</source>
        <translation>Die Erlaubnis ist abgelaufen</translation>
    </message>
    <message>
        <source>The permission to play belongs to another device.</source>
        <translation>Die Erlaubnis zum Abspielen gehört einem anderen Gerät.</translation>
    </message>
    <message>
        <source>The permission to play this title has expired.</source>
        <translation>Die Erlaubnis, diesen Titel abzuspielen, ist abgelaufen.</translation>
    </message>
    <message>
        <source>The picture has stopped</source>
        <translation>Das Bild steht</translation>
    </message>
    <message>
        <source>The picture will be back in a moment.</source>
        <translation>Das Bild ist gleich wieder da.</translation>
    </message>
    <message>
        <source>The programme has not sent more yet. It goes on by itself.</source>
        <translation>Das Programm hat noch nicht mehr gesendet. Es geht von selbst weiter.</translation>
    </message>
    <message>
        <source>The protection cannot be opened</source>
        <translation>Der Schutz lässt sich nicht öffnen</translation>
    </message>
    <message>
        <source>The quality goes down to {quality}, so that it goes on sooner.</source>
        <translation>Die Qualität sinkt auf {quality}, damit es eher weitergeht.</translation>
    </message>
    <message>
        <source>The recordings take all the space that your account has.</source>
        <translation>Die Aufnahmen belegen allen Platz Ihres Kontos.</translation>
    </message>
    <message>
        <source>The renewal was not paid; the plan ends on {day}.</source>
        <translation>Die Verlängerung wurde nicht bezahlt; das Abo endet am {day}.</translation>
    </message>
    <message>
        <source>The searches have been deleted.</source>
        <translation>Die Suchanfragen wurden gelöscht.</translation>
    </message>
    <message>
        <source>The server cannot be reached.</source>
        <translation>Der Server ist nicht zu erreichen.</translation>
    </message>
    <message>
        <source>The server cannot give this part of the file.</source>
        <translation>Der Server kann diesen Teil der Datei nicht liefern.</translation>
    </message>
    <message>
        <source>The server denies access.</source>
        <translation>Der Server verweigert den Zugriff.</translation>
    </message>
    <message>
        <source>The server does not answer.</source>
        <translation>Der Server antwortet nicht.</translation>
    </message>
    <message>
        <source>The server&apos;s answer cannot be used.</source>
        <translation>Die Antwort des Servers ist nicht zu gebrauchen.</translation>
    </message>
    <message>
        <source>The server&apos;s answer cannot be understood.</source>
        <translation>Die Antwort des Servers ist nicht zu verstehen.</translation>
    </message>
    <message>
        <source>The server has stopped sending.</source>
        <translation>Der Server sendet nicht mehr.</translation>
    </message>
    <message>
        <source>The server is too slow.</source>
        <translation>Der Server ist zu langsam.</translation>
    </message>
    <message>
        <source>The server cannot be reached at the moment.</source>
        <translation>Der Server ist im Moment nicht erreichbar.</translation>
    </message>
    <message>
        <source>The server sends next to nothing.</source>
        <translation>Der Server sendet so gut wie nichts.</translation>
    </message>
    <message>
        <source>The server&apos;s redirects lead in a circle.</source>
        <translation>Die Weiterleitungen des Servers führen im Kreis.</translation>
    </message>
    <message>
        <source>The server wants a sign-in.</source>
        <translation>Der Server verlangt eine Anmeldung.</translation>
    </message>
    <message>
        <source>The server&apos;s answer is not as long as it should be.</source>
        <translation>Die Antwort des Servers hat nicht die richtige Länge.</translation>
    </message>
    <message>
        <source>The server&apos;s answer is too large to be safe.</source>
        <translation>Die Antwort des Servers ist größer, als erlaubt ist.</translation>
    </message>
    <message>
        <source>The service asks us to come back later.</source>
        <translation>Der Dienst bittet, später wiederzukommen.</translation>
    </message>
    <message>
        <source>The service does not deliver</source>
        <translation>Der Dienst liefert nicht</translation>
    </message>
    <message>
        <source>The service gives an answer that this version does not understand.</source>
        <translation>Die Antwort des Dienstes versteht diese Version nicht.</translation>
    </message>
    <message>
        <source>The service gives no licence for this title.</source>
        <translation>Der Dienst gibt keine Lizenz für diesen Titel.</translation>
    </message>
    <message>
        <source>The service has a fault of its own.</source>
        <translation>Der Dienst hat selbst eine Störung.</translation>
    </message>
    <message>
        <source>The service has trouble</source>
        <translation>Der Dienst ist gestört</translation>
    </message>
    <message>
        <source>The service has withdrawn the licence or the device.</source>
        <translation>Der Dienst hat die Lizenz oder das Gerät zurückgezogen.</translation>
    </message>
    <message>
        <source>The service was asked and said no. Your plan may not include it.</source>
        <translation>Der Dienst wurde gefragt und hat abgelehnt. Vielleicht umfasst Ihr Abo ihn nicht.</translation>
    </message>
    <message>
        <source>The settings could not be kept; they last until Matinee is closed.</source>
        <translation>Die Einstellungen konnten nicht gespeichert werden; sie gelten, bis Matinee geschlossen wird.</translation>
    </message>
    <message>
        <source>The settings were damaged and are the defaults now. The old file is kept as {name}.</source>
        <translation>Die Einstellungen waren beschädigt und beginnen neu. Die alte Datei bleibt als {name} erhalten.</translation>
    </message>
    <message>
        <source>The sign-in was refused on the other device.</source>
        <translation>Die Anmeldung wurde auf dem anderen Gerät abgelehnt.</translation>
    </message>
    <message>
        <source>The sound of this title cannot be changed while it plays.</source>
        <translation>Der Ton dieses Titels lässt sich während der Wiedergabe nicht wechseln.</translation>
    </message>
    <message>
        <source>The source does not deliver</source>
        <translation>Die Quelle liefert nicht</translation>
    </message>
    <message>
        <source>The source leads to an address that is not loaded.</source>
        <translation>Die Quelle führt zu einer Adresse, die nicht geladen wird.</translation>
    </message>
    <message>
        <source>The stream leads to a place that it must not lead to.</source>
        <translation>Der Stream führt an eine Stelle, an die er nicht führen darf.</translation>
    </message>
    <message>
        <source>The stream needs something that Matinee does not have.</source>
        <translation>Der Stream braucht etwas, das Matinee nicht hat.</translation>
    </message>
    <message>
        <source>The video cannot be decrypted.</source>
        <translation>Das Video lässt sich nicht entschlüsseln.</translation>
    </message>
    <message>
        <source>The video is damaged</source>
        <translation>Das Video ist beschädigt</translation>
    </message>
    <message>
        <source>The video is damaged.</source>
        <translation>Das Video ist beschädigt.</translation>
    </message>
    <message>
        <source>The video is encrypted in a way that is not supported.</source>
        <translation>Das Video ist auf eine hier unbekannte Weise verschlüsselt.</translation>
    </message>
    <message>
        <source>The video has a format that cannot be played.</source>
        <translation>Das Video hat ein Format, das sich nicht abspielen lässt.</translation>
    </message>
    <message>
        <source>The whole season</source>
        <translation>Die ganze Staffel</translation>
    </message>
    <message>
        <source>There are no keys in {file}</source>
        <translation>In {file} stehen keine Tasten</translation>
    </message>
    <message>
        <source>There is an account with this email address already.</source>
        <translation>Mit dieser E-Mail-Adresse gibt es schon ein Konto.</translation>
    </message>
    <message>
        <source>There is no display.</source>
        <translation>Es gibt keinen Bildschirm.</translation>
    </message>
    <message>
        <source>There is no key for a part of this title.</source>
        <translation>Für einen Teil dieses Titels gibt es keinen Schlüssel.</translation>
    </message>
    <message>
        <source>There is no licence on this machine that permits playing now.</source>
        <translation>Auf diesem Gerät gibt es keine Lizenz, die das Abspielen jetzt erlaubt.</translation>
    </message>
    <message>
        <source>There is no network. It goes on by itself when it is back.</source>
        <translation>Es gibt kein Netz. Es geht von selbst weiter, wenn es zurück ist.</translation>
    </message>
    <message>
        <source>There is no network; playback goes on by itself when it is back.</source>
        <translation>Kein Netz; die Wiedergabe geht von selbst weiter, sobald es wieder da ist.</translation>
    </message>
    <message>
        <source>There is no such download.</source>
        <translation>Diesen Download gibt es nicht.</translation>
    </message>
    <message>
        <source>There is nothing at this address that can be played.</source>
        <translation>An dieser Adresse ist nichts, was sich abspielen lässt.</translation>
    </message>
    <message>
        <source>There is nothing at this address.</source>
        <translation>An dieser Adresse ist nichts.</translation>
    </message>
    <message>
        <source>There is nothing in this title that can be played.</source>
        <translation>In diesem Titel ist nichts, was sich abspielen lässt.</translation>
    </message>
    <message>
        <source>These episodes are here already.</source>
        <translation>Diese Folgen sind schon da.</translation>
    </message>
    <message>
        <source>These subtitles are pictures, which cannot be shown.</source>
        <translation>Diese Untertitel sind Bilder und können nicht gezeigt werden.</translation>
    </message>
    <message>
        <source>This account is closed.</source>
        <translation>Dieses Konto ist geschlossen.</translation>
    </message>
    <message>
        <source>This is the address of a web page, not of a stream.</source>
        <translation>Diese Adresse führt zu einer Webseite, nicht zu einem Stream.</translation>
    </message>
    <message>
        <source>This cannot be opened</source>
        <translation>Das lässt sich nicht öffnen</translation>
    </message>
    <message>
        <source>This cannot be played</source>
        <translation>Das lässt sich nicht abspielen</translation>
    </message>
    <message>
        <source>This cannot be played here.</source>
        <translation>Das kann hier nicht wiedergegeben werden.</translation>
    </message>
    <message>
        <source>This cannot be played so.</source>
        <translation>So lässt sich das nicht abspielen.</translation>
    </message>
    <message>
        <source>This code is wrong or too old.</source>
        <translation>Dieser Code ist falsch oder zu alt.</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Dieses Gerät</translation>
    </message>
    <message>
        <source>This device is not known</source>
        <translation>Dieses Gerät ist nicht bekannt</translation>
    </message>
    <message>
        <source>This device is not registered with your account.</source>
        <translation>Dieses Gerät ist in Ihrem Konto nicht angemeldet.</translation>
    </message>
    <message>
        <source>This device has all the downloads that your plan allows; remove one first.</source>
        <translation>Dieses Gerät hat so viele Downloads, wie Ihr Abo erlaubt; entfernen Sie zuerst einen.</translation>
    </message>
    <message>
        <source>This device was removed</source>
        <translation>Dieses Gerät wurde entfernt</translation>
    </message>
    <message>
        <source>This device was removed from your account.</source>
        <translation>Dieses Gerät wurde aus Ihrem Konto entfernt.</translation>
    </message>
    <message>
        <source>This folder cannot be read.</source>
        <translation>Dieser Ordner kann nicht gelesen werden.</translation>
    </message>
    <message>
        <source>This subtitle format cannot be shown.</source>
        <translation>Dieses Untertitelformat kann nicht gezeigt werden.</translation>
    </message>
    <message>
        <source>This frame cannot be saved: the title is protected, or the disk is full or must not be written to.</source>
        <translation>Dieses Bild lässt sich nicht sichern: Der Titel ist geschützt, oder die Platte ist voll oder darf nicht beschrieben werden.</translation>
    </message>
    <message>
        <source>This is no Matinee service. {why}</source>
        <translation>Das ist kein Matinee-Dienst. {why}</translation>
    </message>
    <message>
        <source>This is no stream</source>
        <translation>Das ist kein Stream</translation>
    </message>
    <message>
        <source>This file has no readable subtitles.</source>
        <translation>Diese Datei enthält keine lesbaren Untertitel.</translation>
    </message>
    <message>
        <source>This is our fault</source>
        <translation>Das liegt an uns</translation>
    </message>
    <message>
        <source>This key cannot be changed.</source>
        <translation>Diese Taste kann nicht geändert werden.</translation>
    </message>
    <message>
        <source>This machine is busy</source>
        <translation>Dieses Gerät ist beschäftigt</translation>
    </message>
    <message>
        <source>This network is metered. {used} used this month.</source>
        <translation>Dieses Netz hat einen Volumentarif. {used} in diesem Monat verbraucht.</translation>
    </message>
    <message>
        <source>This part of the title has not been downloaded yet.</source>
        <translation>Dieser Teil des Titels ist noch nicht heruntergeladen.</translation>
    </message>
    <message>
        <source>This password is easily guessed; please choose a longer one.</source>
        <translation>Dieses Passwort ist leicht zu erraten; bitte wählen Sie ein längeres.</translation>
    </message>
    <message>
        <source>This profile cannot change the account.</source>
        <translation>Dieses Profil kann das Konto nicht ändern.</translation>
    </message>
    <message>
        <source>This programme may not be recorded.</source>
        <translation>Diese Sendung darf nicht aufgenommen werden.</translation>
    </message>
    <message>
        <source>This subtitle file is too large to be one.</source>
        <translation>Diese Datei ist zu groß für Untertitel.</translation>
    </message>
    <message>
        <source>This title cannot be decoded on this machine.</source>
        <translation>Dieser Titel lässt sich auf diesem Gerät nicht dekodieren.</translation>
    </message>
    <message>
        <source>This title cannot be downloaded.</source>
        <translation>Dieser Titel lässt sich nicht herunterladen.</translation>
    </message>
    <message>
        <source>This title cannot be played here</source>
        <translation>Dieser Titel lässt sich hier nicht abspielen</translation>
    </message>
    <message>
        <source>This title is no longer available.</source>
        <translation>Dieser Titel ist nicht mehr verfügbar.</translation>
    </message>
    <message>
        <source>This title is not available in the form asked for.</source>
        <translation>Diesen Titel gibt es nicht in der gewünschten Form.</translation>
    </message>
    <message>
        <source>This title is not available in your country.</source>
        <translation>Dieser Titel ist in Ihrem Land nicht verfügbar.</translation>
    </message>
    <message>
        <source>This title is not available yet.</source>
        <translation>Dieser Titel ist noch nicht verfügbar.</translation>
    </message>
    <message>
        <source>This title is not available.</source>
        <translation>Diesen Titel gibt es nicht.</translation>
    </message>
    <message>
        <source>This title is not for this profile.</source>
        <translation>Dieser Titel ist nicht für dieses Profil.</translation>
    </message>
    <message>
        <source>This title does not exist</source>
        <translation>Diesen Titel gibt es nicht</translation>
    </message>
    <message>
        <source>This title no longer exists</source>
        <translation>Diesen Titel gibt es nicht mehr</translation>
    </message>
    <message>
        <source>This title is protected in a way that cannot be opened here.</source>
        <translation>Dieser Titel ist auf eine Weise geschützt, die sich hier nicht öffnen lässt.</translation>
    </message>
    <message>
        <source>This title was withdrawn.</source>
        <translation>Dieser Titel wurde zurückgezogen.</translation>
    </message>
    <message>
        <source>This title was watched, here or on another device; its time to watch is over.</source>
        <translation>Dieser Titel wurde gesehen, hier oder auf einem anderen Gerät; die Zeit dafür ist um.</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>Titles rated above it do not show.</source>
        <translation>Titel mit höherer Freigabe erscheinen nicht.</translation>
    </message>
    <message>
        <source>To the receiver as it is</source>
        <translation>Unverändert zum Receiver</translation>
    </message>
    <message>
        <source>Trying again here does not help. Copy or download the file again.</source>
        <translation>Ein neuer Versuch hilft hier nicht. Kopieren oder laden Sie die Datei noch einmal.</translation>
    </message>
    <message>
        <source>Waiting for more of the file</source>
        <translation>Es wird auf mehr von der Datei gewartet</translation>
    </message>
    <message>
        <source>shown already</source>
        <translation>schon zu sehen</translation>
    </message>
    <message>
        <source>{file} could not be played to its end.</source>
        <translation>{file} konnte nicht bis zum Ende gespielt werden.</translation>
    </message>
    <message>
        <source>Reported</source>
        <translation>Gemeldet</translation>
    </message>
    <message>
        <source>Too many attempts; please try again later.</source>
        <translation>Zu viele Versuche; bitte versuchen Sie es später erneut.</translation>
    </message>
    <message>
        <source>Too many screens</source>
        <translation>Zu viele Bildschirme</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Top 10</source>
        <translation>Top 10</translation>
    </message>
    <message>
        <source>Top picks for you</source>
        <translation>Für Sie ausgewählt</translation>
    </message>
    <message>
        <source>Travel</source>
        <translation>Reisen</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Try again asks for a new one and goes on where it stopped.</source>
        <translation>Ein neuer Versuch fordert eine neue an und setzt dort fort, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>Try again goes on where it stopped.</source>
        <translation>Ein neuer Versuch setzt dort fort, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>Try again in a while: it goes on where it stopped.</source>
        <translation>Versuchen Sie es später noch einmal: Es geht dort weiter, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>Try again. If it happens with every title, sign out and in again.</source>
        <translation>Versuchen Sie es noch einmal. Geschieht es bei jedem Titel, melden Sie sich ab und wieder an.</translation>
    </message>
    <message>
        <source>Turkish</source>
        <translation>Türkisch</translation>
    </message>
    <message>
        <source>Ukrainian</source>
        <translation>Ukrainisch</translation>
    </message>
    <message>
        <source>Pending</source>
        <translation>In Bearbeitung</translation>
    </message>
    <message>
        <source>Unknown language</source>
        <translation>Unbekannte Sprache</translation>
    </message>
    <message>
        <source>Unlimited</source>
        <translation>Unbegrenzt</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Nach oben</translation>
    </message>
    <message>
        <source>Up to {age}</source>
        <translation>Bis {age}</translation>
    </message>
    <message>
        <source>Up to {height}p</source>
        <translation>Bis zu {height}p</translation>
    </message>
    <message>
        <source>Video</source>
        <translation>Video</translation>
    </message>
    <message>
        <source>Volume {volume} %</source>
        <translation>Lautstärke {volume} %</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Waiting for the licence</source>
        <translation>Warten auf die Lizenz</translation>
    </message>
    <message>
        <source>Waiting for the network</source>
        <translation>Wartet auf das Netz</translation>
    </message>
    <message>
        <source>Waits for a network that is not metered</source>
        <translation>Wartet auf ein Netz ohne Volumengrenze</translation>
    </message>
    <message>
        <source>Waits for its turn</source>
        <translation>Wartet, bis es an der Reihe ist</translation>
    </message>
    <message>
        <source>Waits for the time of the day</source>
        <translation>Wartet auf die eingestellte Uhrzeit</translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation>Wartet auf Sie</translation>
    </message>
    <message>
        <source>Waits until nothing is playing</source>
        <translation>Wartet, bis nichts mehr läuft</translation>
    </message>
    <message>
        <source>Warn above</source>
        <translation>Warnen ab</translation>
    </message>
    <message>
        <source>Watched lately</source>
        <translation>Zuletzt gesehen</translation>
    </message>
    <message>
        <source>What can be done with a title</source>
        <translation>Was mit einem Titel möglich ist</translation>
    </message>
    <message>
        <source>What happens at the end of an episode.</source>
        <translation>Was am Ende einer Folge geschieht.</translation>
    </message>
    <message>
        <source>What is kept here cannot be used now: the disk may be full.</source>
        <translation>Was hier aufbewahrt wird, ist gerade nicht zu benutzen: Vielleicht ist der Datenträger voll.</translation>
    </message>
    <message>
        <source>What is kept here is damaged</source>
        <translation>Was hier aufbewahrt wird, ist beschädigt</translation>
    </message>
    <message>
        <source>What is kept here was written by a newer version of Matinee.</source>
        <translation>Was hier aufbewahrt wird, stammt von einer neueren Version von Matinee.</translation>
    </message>
    <message>
        <source>Makes subtitles easier to read over the video.</source>
        <translation>Macht Untertitel über dem Video besser lesbar.</translation>
    </message>
    <message>
        <source>What was searched for on this machine.</source>
        <translation>Wonach auf diesem Gerät gesucht wurde.</translation>
    </message>
    <message>
        <source>What was watched</source>
        <translation>Was angesehen wurde</translation>
    </message>
    <message>
        <source>What was watched has been deleted.</source>
        <translation>Was angesehen wurde, ist gelöscht.</translation>
    </message>
    <message>
        <source>Where new downloads are kept. Those that are here already stay where they are, and play.</source>
        <translation>Wo neue Downloads aufbewahrt werden. Vorhandene bleiben, wo sie sind, und lassen sich abspielen.</translation>
    </message>
    <message>
        <source>Where the hardware cannot decode a title, it is decoded in software.</source>
        <translation>Was die Hardware nicht dekodieren kann, wird in Software dekodiert.</translation>
    </message>
    <message>
        <source>Where you stopped in each title, here and at the service. This cannot be undone.</source>
        <translation>Wo Sie in jedem Titel aufgehört haben, hier und beim Dienst. Das lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>White</source>
        <translation>Weiß</translation>
    </message>
    <message>
        <source>Wi-Fi</source>
        <translation>WLAN</translation>
    </message>
    <message>
        <source>Will be recorded</source>
        <translation>Wird aufgenommen</translation>
    </message>
    <message>
        <source>Will be tried again soon</source>
        <translation>Wird bald wieder versucht</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>With “Reduced”, pages and pictures fade and nothing moves.</source>
        <translation>Bei „Reduziert“ werden Seiten und Bilder nur überblendet, und nichts bewegt sich.</translation>
    </message>
    <message>
        <source>With the profile</source>
        <translation>Beim Profil</translation>
    </message>
    <message>
        <source>Without a graphics card there is one way to show HDR.</source>
        <translation>Ohne Grafikkarte gibt es nur eine Art, HDR zu zeigen.</translation>
    </message>
    <message>
        <source>Write a time such as 1:02:03.</source>
        <translation>Bitte eine Zeit wie 1:02:03 eingeben.</translation>
    </message>
    <message>
        <source>Wrong too often: wait a minute.</source>
        <translation>Zu oft falsch: Warten Sie eine Minute.</translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation>Gelb</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>Ja</translation>
    </message>
    <message>
        <source>You are offline. This page shows the last known state.</source>
        <translation>Sie sind offline. Diese Seite zeigt den letzten bekannten Stand.</translation>
    </message>
    <message>
        <source>You are signed out</source>
        <translation>Sie sind abgemeldet</translation>
    </message>
    <message>
        <source>A warning is shown when a month&apos;s data exceeds this.</source>
        <translation>Wenn in einem Monat mehr Daten empfangen wurden, erscheint eine Warnung.</translation>
    </message>
    <message>
        <source>You sign in again here</source>
        <translation>Sie melden sich hier neu an</translation>
    </message>
    <message>
        <source>Your account does not include this.</source>
        <translation>Ihr Konto umfasst das nicht.</translation>
    </message>
    <message>
        <source>Your account has no such device.</source>
        <translation>Ihr Konto hat kein solches Gerät.</translation>
    </message>
    <message>
        <source>Your email address is confirmed.</source>
        <translation>Ihre E-Mail-Adresse ist bestätigt.</translation>
    </message>
    <message>
        <source>Your plan does not include downloads of this title.</source>
        <translation>Ihr Abo erlaubt keine Downloads dieses Titels.</translation>
    </message>
    <message>
        <source>Your plan does not include this title.</source>
        <translation>Ihr Abo umfasst diesen Titel nicht.</translation>
    </message>
    <message>
        <source>Your plan allows no more devices; remove one first.</source>
        <translation>Ihr Abo erlaubt kein weiteres Gerät; entfernen Sie zuerst eines.</translation>
    </message>
    <message>
        <source>Your plan allows downloads on no more devices; first give back those of another one.</source>
        <translation>Ihr Abo erlaubt Downloads auf keinem weiteren Gerät; geben Sie zuerst die eines anderen zurück.</translation>
    </message>
    <message>
        <source>Your plan allows no more screens at the same time.</source>
        <translation>Ihr Abo erlaubt nicht mehr Bildschirme zugleich.</translation>
    </message>
    <message>
        <source>Your sign-in has expired; please sign in again.</source>
        <translation>Ihre Anmeldung ist abgelaufen; bitte melden Sie sich erneut an.</translation>
    </message>
    <message>
        <source>Zoom {zoom} %</source>
        <translation>Zoom {zoom} %</translation>
    </message>
    <message>
        <source>about {size}</source>
        <translation>etwa {size}</translation>
    </message>
    <message>
        <source>as in the settings</source>
        <translation>wie in den Einstellungen</translation>
    </message>
    <message>
        <source>as it is</source>
        <translation>wie es ist</translation>
    </message>
    <message>
        <source>card ending in {digits}</source>
        <translation>Karte mit den Endziffern {digits}</translation>
    </message>
    <message>
        <source>fill the window</source>
        <translation>das Fenster füllen</translation>
    </message>
    <message>
        <source>folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>from {age}</source>
        <translation>ab {age}</translation>
    </message>
    <message>
        <source>from {time}</source>
        <translation>ab {time}</translation>
    </message>
    <message>
        <source>its own</source>
        <translation>eigener</translation>
    </message>
    <message>
        <source>libmpv, which plays the video, is missing or too old.</source>
        <translation>libmpv, das das Video abspielt, fehlt oder ist zu alt.</translation>
    </message>
    <message>
        <source>metered</source>
        <translation>Volumentarif</translation>
    </message>
    <message>
        <source>mono</source>
        <translation>Mono</translation>
    </message>
    <message>
        <source>needs a graphics card</source>
        <translation>braucht eine Grafikkarte</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>now {rung}</source>
        <translation>jetzt {rung}</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>on</source>
        <translation>an</translation>
    </message>
    <message>
        <source>software</source>
        <translation>Software</translation>
    </message>
    <message>
        <source>stereo</source>
        <translation>Stereo</translation>
    </message>
    <message>
        <source>this device too</source>
        <translation>auch dieses Gerät</translation>
    </message>
    <message>
        <source>watched</source>
        <translation>gesehen</translation>
    </message>
    <message>
        <source>{count} channels</source>
        <translation>{count} Kanäle</translation>
    </message>
    <message>
        <source>{count} devices</source>
        <translation>{count} Geräte</translation>
    </message>
    <message>
        <source>{count} downloads</source>
        <translation>{count} Downloads</translation>
    </message>
    <message>
        <source>{count} episodes are downloaded.</source>
        <translation>{count} Folgen werden heruntergeladen.</translation>
    </message>
    <message>
        <source>{count} min left</source>
        <translation>noch {count} Min.</translation>
    </message>
    <message>
        <source>{count} more are not listed</source>
        <translation>{count} weitere stehen nicht in der Liste</translation>
    </message>
    <message>
        <source>{count} of {limit} devices</source>
        <translation>{count} von {limit} Geräten</translation>
    </message>
    <message>
        <source>{count} screens at once</source>
        <translation>{count} Bildschirme zugleich</translation>
    </message>
    <message>
        <source>{folder}, not connected</source>
        <translation>{folder}, nicht verbunden</translation>
    </message>
    <message>
        <source>{fps} frames/s</source>
        <translation>{fps} Bilder/s</translation>
    </message>
    <message>
        <source>{ms} of {budget} ms</source>
        <translation>{ms} von {budget} ms</translation>
    </message>
    <message>
        <source>{name}: nothing is damaged.</source>
        <translation>{name}: Nichts ist beschädigt.</translation>
    </message>
    <message>
        <source>{name}: {count} parts are damaged.</source>
        <translation>{name}: {count} Teile sind beschädigt.</translation>
    </message>
    <message>
        <source>{name}: {count} parts are fetched again.</source>
        <translation>{name}: {count} Teile werden neu geladen.</translation>
    </message>
    <message>
        <source>{plan} begins on {day} for {price} a month.</source>
        <translation>{plan} beginnt am {day} für {price} im Monat.</translation>
    </message>
    <message>
        <source>{price} a month</source>
        <translation>{price} im Monat</translation>
    </message>
    <message>
        <source>{rate}, {gigabytes} GB an hour</source>
        <translation>{rate}, {gigabytes} GB je Stunde</translation>
    </message>
    <message>
        <source>{seconds} of {budget} s</source>
        <translation>{seconds} von {budget} s</translation>
    </message>
    <message>
        <source>{standing}. Connect to renew it.</source>
        <translation>{standing}. Zum Erneuern mit dem Netz verbinden.</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>{used} used this month; your limit is {limit}.</source>
        <translation>{used} in diesem Monat verbraucht; Ihre Grenze ist {limit}.</translation>
    </message>
    <message>
        <source>{used} of downloads, {free} free</source>
        <translation>{used} Downloads, {free} frei</translation>
    </message>
    <message>
        <source>{used} of {limit} for downloads</source>
        <translation>{used} von {limit} für Downloads</translation>
    </message>
</context>
<context>
    <name>VolumeSlider</name>
    <message>
        <source>Volume</source>
        <translation>Lautstärke</translation>
    </message>
    <message>
        <source>%1 percent</source>
        <translation>%1 Prozent</translation>
    </message>
</context>
</TS>
