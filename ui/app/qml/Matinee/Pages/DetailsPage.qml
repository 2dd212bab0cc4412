pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The page of a title: picture, synopsis, buttons to play it, and the episodes of a series.
FocusScope {
    id: root

    required property QtObject details
    required property QtObject download
    required property bool listed

    signal play()
    signal playFromStart()
    signal playFromFurthest()
    signal playTrailer()
    signal playEpisode(string titleId)
    signal showTitle(string titleId)
    signal listToggled()
    signal genreChosen(string genre)
    signal personChosen(string person)
    signal rated(string thumb)
    signal marked()
    signal leaving()

    property string entered // the title that had the focus last
    property bool amongEpisodes: false // where the focus was last
    readonly property bool hasEpisodes: details.isSeries && !details.gone && details.episodes.lines.count > 0

    // A new title begins at its first button; back from the player the focus is where it was.
    function enter() {
        menu.visible = seasonMenu.visible = false
        if (entered === details.titleId) {
            (amongEpisodes && hasEpisodes ? episodes : actions).enter()
        } else {
            entered = details.titleId
            downloadButton.widest = 0
            playButton.forceActiveFocus(Qt.OtherFocusReason)
        }
    }

    Accessible.role: Accessible.Pane
    Accessible.name: details.name
    function goBack() {
        if (menu.visible)
            menu.close()
        else if (seasonMenu.visible)
            seasonMenu.close()
        else
            leaving()
    }
    Connections {
        target: root.details
        function onChanged() {
            if (root.enabled && root.entered !== root.details.titleId)
                root.enter()
        }
        function onWentBack() { episodes.enter() }
    }
    Keys.onEscapePressed: goBack()
    Keys.onBackPressed: goBack()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            goBack()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    Repeater {
        model: root.details.title
        delegate: Item {
            id: hero

            required property string poster
            required property string name
            required property string facts
            required property string synopsis
            required property string remaining
            required property real progress
            required property string logo
            required property real across
            required property real down

            anchors.fill: parent

            Item {
                anchors { right: parent.right; top: parent.top; bottom: parent.bottom }
                width: Math.round(parent.width * 0.66)
                FocalImage {
                    objectName: "detailsStill"
                    anchors.fill: parent
                    source: root.details.still
                    focalX: hero.across
                    focalY: hero.down
                }
                FocalImage {
                    anchors.fill: parent
                    source: hero.poster
                    focalX: hero.across
                    focalY: hero.down
                }
                Rectangle {
                    anchors.fill: parent
                    rotation: LayoutMirroring.enabled ? 180 : 0 // a gradient is not mirrored by itself
                    gradient: Gradient {
                        orientation: Gradient.Horizontal
                        GradientStop { position: 0; color: Theme.background }
                        GradientStop { position: 0.65; color: Theme.veil }
                    }
                }
                Rectangle {
                    anchors.fill: parent
                    gradient: Gradient {
                        GradientStop { position: 0.35; color: Theme.veil }
                        GradientStop { position: 1; color: Theme.background }
                    }
                }
            }
            Column {
                id: about
                anchors { left: parent.left; leftMargin: Theme.margin; bottom: parent.bottom }
                anchors.bottomMargin: Theme.px(200)
                width: Math.min(parent.width * (root.details.isSeries ? 0.42 : 0.56), Theme.px(640))
                spacing: Theme.px(12)

                // The name stays in sight in every window: first the last facts give way, then the end of the synopsis.
                readonly property real lineHeight: factsLine.implicitHeight
                readonly property real forSynopsis: hero.height - anchors.bottomMargin - Theme.wide - above.taken - called.height
                    - lineHeight - rights.taken - 3 * spacing - Theme.tiny
                readonly property int mostFacts: Math.floor((forSynopsis - synopsis.taken) / (lineHeight + spacing))
                Label {
                    id: above
                    readonly property real taken: visible ? implicitHeight + about.spacing : 0
                    objectName: "detailsAbove"
                    width: parent.width
                    text: root.details.above
                    color: Theme.accent
                    font.weight: Font.DemiBold
                    visible: text
                }
                TitleLogo {
                    id: called
                    objectName: "detailsName"
                    readonly property string text: name
                    width: parent.width
                    name: hero.name
                    logo: hero.logo
                }
                Label { id: factsLine; anchors.left: parent.left; text: hero.facts || " "; color: Theme.muted }
                Label {
                    id: synopsis
                    readonly property real taken: visible ? implicitHeight + about.spacing : 0
                    objectName: "detailsSynopsis"
                    width: parent.width
                    text: hero.synopsis
                    wrapMode: Text.Wrap
                    maximumLineCount: Math.max(1, Math.min(8, Math.floor((about.forSynopsis - about.spacing) / (about.lineHeight * lineHeight))))
                    lineHeight: 1.25
                    color: Theme.soft
                    visible: text
                }
                Item { width: 1; height: Theme.tiny }
                Repeater {
                    model: [[qsTr("Genre"), root.details.genres], [qsTr("Cast"), root.details.cast],
                            [qsTr("Directed by"), root.details.directors], [qsTr("Written by"), root.details.writers],
                            [qsTr("Quality"), root.details.qualities], [qsTr("Sound"), root.details.sound],
                            [qsTr("Subtitles"), root.details.subtitles], [qsTr("Rating"), root.details.rating],
                            [qsTr("Added"), root.details.added]].filter(fact => fact[1] !== "").slice(0, Math.max(0, about.mostFacts))
                    delegate: Row {
                        required property var modelData
                        anchors.left: parent.left
                        spacing: Theme.gap
                        Label {
                            id: word
                            width: Theme.type(96)
                            text: parent.modelData[0]
                            color: Theme.faint
                        }
                        Label {
                            width: Math.min(implicitWidth, (root.hasEpisodes ? about.width : hero.width - 2 * Theme.margin) - word.width - Theme.gap)
                            text: parent.modelData[1]
                            color: Theme.soft
                        }
                    }
                }
                Label {
                    id: rights
                    readonly property real taken: visible ? implicitHeight + about.spacing : 0
                    objectName: "detailsRights"
                    width: parent.width
                    text: root.download.rights
                    wrapMode: Text.Wrap
                    color: Theme.soft
                    visible: text
                }
            }
            Item {
                anchors { left: about.left; bottom: parent.bottom; bottomMargin: Theme.px(164) }
                width: Math.min(about.width, Theme.px(360))
                height: Theme.px(20)
                visible: hero.progress > 0
                Rectangle {
                    id: bar
                    anchors { left: parent.left; verticalCenter: parent.verticalCenter }
                    width: parent.width - left.implicitWidth - Theme.gap
                    height: Theme.px(4)
                    radius: height / 2
                    color: Theme.track
                    Rectangle {
                        anchors.left: parent.left
                        width: parent.width * hero.progress
                        height: parent.height
                        radius: height / 2
                        color: Theme.accent
                    }
                }
                Label {
                    id: left
                    anchors { right: parent.right; verticalCenter: parent.verticalCenter }
                    text: hero.remaining
                    color: Theme.muted
                    font.pixelSize: Theme.small
                }
            }
            Label {
                objectName: "detailsFurthest"
                anchors { left: about.left; bottom: parent.bottom; bottomMargin: Theme.px(164) }
                anchors.leftMargin: hero.progress > 0 ? Math.min(about.width, Theme.px(360)) + Theme.wide : 0
                height: Theme.px(20)
                verticalAlignment: Text.AlignVCenter
                text: qsTr("You were at %1 on another device").arg(root.details.furthest)
                color: Theme.muted
                font.pixelSize: Theme.small
                visible: root.details.furthest && !root.details.gone
            }
        }
    }

    FocusRow {
        id: actions
        objectName: "detailsActions"
        anchors { left: parent.left; leftMargin: Theme.margin; bottom: parent.bottom; bottomMargin: Theme.px(60) }
        width: parent.width - 2 * Theme.margin
        spacing: Theme.gap
        focus: true
        onActiveFocusChanged: if (activeFocus) root.amongEpisodes = false
        Keys.onUpPressed: event => {
            event.accepted = root.hasEpisodes || ways.visible
            if (ways.visible)
                ways.enter()
            else if (root.hasEpisodes)
                episodes.enter()
        }
        ActionButton {
            id: playButton
            objectName: "playTitle"
            text: ((root.details.begun ? qsTr("Resume") : qsTr("Play")) + " " + root.details.playPlace).trim()
            icon: "play"
            name: text + " " + root.details.name
            primary: true
            focus: true
            enabled: !root.details.gone
            onEnabledChanged: if (!enabled && actions.activeFocus) actions.enter()
            onPressed: root.play()
        }
        ActionButton {
            objectName: "playFromFurthest"
            text: qsTr("From %1").arg(root.details.furthest)
            icon: "play"
            name: qsTr("From %1, where you were on another device").arg(root.details.furthest)
            visible: root.details.furthest && !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.playFromFurthest()
        }
        ActionButton {
            objectName: "playFromStart"
            text: qsTr("From the start")
            icon: "restart"
            visible: root.details.begun && !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.playFromStart()
        }
        ActionButton {
            objectName: "playTrailer"
            text: qsTr("Trailer")
            icon: "film"
            name: qsTr("Trailer of %1").arg(root.details.name)
            visible: root.details.trailerId && !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.playTrailer()
        }
        ActionButton {
            objectName: "showSeries"
            text: qsTr("All episodes")
            icon: "film"
            visible: root.details.seriesId && !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.showTitle(root.details.seriesId)
        }
        ActionButton {
            objectName: "listTitle"
            text: qsTr("My list")
            icon: root.listed ? "check" : "plus"
            name: root.listed ? qsTr("Remove from my list") : qsTr("Add to my list")
            visible: !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.listToggled()
        }
        ActionButton {
            id: downloadButton
            objectName: "downloadTitle"
            // It never shrinks: what stands beside it must not move away from under the pointer.
            property real widest: 0
            width: Math.max(implicitWidth, widest)
            onImplicitWidthChanged: widest = Math.max(widest, implicitWidth)
            text: root.download.label
            icon: root.download.done ? "check" : "download"
            visible: root.download.possible && !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: {
                root.download.offer()
                menu.heading = text
                menu.openAt(this)
            }
        }
        IconButton {
            objectName: "likeTitle"
            icon: "thumb-up"
            name: qsTr("I like this")
            checked: root.details.thumb === "up"
            visible: !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.rated("up")
        }
        IconButton {
            objectName: "dislikeTitle"
            icon: "thumb-down"
            name: qsTr("Not for me")
            checked: root.details.thumb === "down"
            visible: !root.details.gone
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.rated("down")
        }
        IconButton {
            objectName: "markTitle"
            icon: "seen"
            name: root.details.seen ? qsTr("Mark as not watched") : qsTr("Mark as watched")
            checked: root.details.seen
            visible: !root.details.gone && !root.details.isSeries
            onVisibleChanged: if (!visible && actions.activeFocus) actions.enter()
            onPressed: root.marked()
        }
        ActionButton {
            objectName: "leaveDetails"
            text: qsTr("Back")
            icon: "back"
            onPressed: root.leaving()
        }
    }
    // More of a genre, or with somebody of those who took part.
    FocusRow {
        id: ways
        objectName: "detailsWays"
        anchors { left: parent.left; leftMargin: Theme.margin - inset; bottom: actions.top; bottomMargin: Theme.px(14) - inset }
        inset: Theme.focusWidth + Theme.focusGap
        width: parent.width * (root.hasEpisodes ? 0.46 : 1) - 2 * (Theme.margin - inset)
        clip: root.hasEpisodes && beyond > 0
        visible: root.details.ways.count > 0 && !root.details.gone
        enabled: visible
        onVisibleChanged: if (!visible && activeFocus) actions.enter()
        Keys.onDownPressed: actions.enter()
        Keys.onUpPressed: if (root.hasEpisodes) episodes.enter()
        onBeyondEnd: if (root.hasEpisodes) episodes.enter()
        Repeater {
            model: root.details.ways
            FilterChip {
                required property int index
                required property string label
                required property string genre
                required property string person

                objectName: "way_" + index
                text: label
                name: genre ? qsTr("More: %1").arg(label) : qsTr("More with %1").arg(label)
                onPressed: genre ? root.genreChosen(genre) : root.personChosen(person)
            }
        }
    }
    EpisodesPanel {
        id: episodes
        objectName: "episodesPanel"
        anchors { right: parent.right; rightMargin: Theme.margin; top: parent.top; topMargin: Theme.margin }
        anchors { bottom: actions.top; bottomMargin: Theme.wide }
        width: parent.width * 0.46
        visible: root.hasEpisodes
        enabled: visible
        episodes: root.details.episodes
        onActiveFocusChanged: if (activeFocus) root.amongEpisodes = true
        onVisibleChanged: if (!visible && activeFocus) actions.enter()
        onPlayed: titleId => root.playEpisode(titleId)
        onShown: titleId => root.showTitle(titleId)
        onSeasonsAsked: button => {
            seasonMenu.heading = qsTr("Season")
            seasonMenu.openAt(button)
        }
        onBeyond: actions.enter()
    }
    NoticeLine {
        objectName: "detailsNotice"
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.wide }
        text: root.details.notice || root.download.notice
        Timer {
            interval: Theme.noticeStays
            running: root.download.notice
            onTriggered: root.download.noticeSeen()
        }
    }
    ChoiceMenu {
        id: menu
        objectName: "titleMenu"
        anchors.fill: parent
        model: root.download.options
        onChosen: key => root.download.choose(key)
    }
    ChoiceMenu {
        id: seasonMenu
        objectName: "seasonMenu"
        anchors.fill: parent
        model: root.details.episodes.seasons
        onChosen: key => {
            root.details.episodes.choose(key)
            episodes.enter()
        }
    }
}
